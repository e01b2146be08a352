package parse

import (
	"math"
	"strconv"
	"strings"
)

// Rate reads a bandwidth in bits a second: a number with an optional unit bit,
// kbit, mbit, gbit or tbit of 1000, or one letter of it, in the words of tc(8).
func Rate(s string) (uint64, error) {
	num := strings.TrimSuffix(strings.ToLower(s), "bit")
	factor := 1.0
	if n := len(num); n > 0 {
		if i := strings.IndexByte("kmgt", num[n-1]); i >= 0 {
			num, factor = num[:n-1], math.Pow(1000, float64(i+1))
		}
	}
	v, err := strconv.ParseFloat(num, 64)
	if err != nil || strings.ContainsAny(num, "+-xXpPeEiInN_") || v*factor < 8 || v*factor > 1e15 {
		return 0, invalid("invalid rate: '%s': bits a second, as 10mbit", s)
	}
	return uint64(v * factor), nil
}

// Burst reads how much may pass at once beyond a rate: a Size up to 1 GiB.
func Burst(s string) (uint64, error) {
	n, err := Size(s)
	if err != nil || n < 1500 || n > 1<<30 {
		return 0, invalid("invalid burst: '%s': a size from 1500 bytes to 1g", s)
	}
	return uint64(n), nil
}
