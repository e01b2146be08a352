package parse

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// MinMemory is the least --memory, as in docker: 6 MiB.
const MinMemory = 6 << 20

// Size reads a size in bytes: a number with an optional unit b, k, m, g, t or p
// of 1024 (1.5g, 64M, 10KiB).
func Size(s string) (int64, error) {
	n, err := units.RAMInBytes(s)
	// go-units converts a float: what does not fit comes out negative.
	if err != nil || n < 0 || n == math.MaxInt64 {
		return 0, invalid("invalid size: '%s'", s)
	}
	return n, nil
}

// Memory reads --memory or --memory-reservation: a Size that is 0 (no limit) or
// at least MinMemory.
func Memory(s string) (int64, error) {
	n, err := Size(s)
	if err != nil {
		return 0, err
	}
	if n != 0 && n < MinMemory {
		return 0, invalid("Minimum memory limit allowed is 6MB")
	}
	return n, nil
}

// MemorySwap reads --memory-swap: a Size of memory and swap together, or -1 for
// no limit of swap.
func MemorySwap(s string) (int64, error) {
	if s == "-1" {
		return -1, nil
	}
	return Size(s)
}

// CPUs reads --cpus, a decimal or a fraction, into billionths of a processor.
// 0 is no limit; less than 0.01 is refused, as the kernel cannot do it.
func CPUs(s string) (int64, error) {
	// A rational of a short text cannot be large; an exponent could be.
	if len(s) > 32 || strings.ContainsAny(s, "eEpP") {
		return 0, invalid("invalid number of cpus: '%s'", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, invalid("invalid number of cpus: '%s'", s)
	}
	r.Mul(r, big.NewRat(1e9, 1))
	if !r.IsInt() {
		return 0, invalid("invalid number of cpus: '%s': more than nine digits after the point", s)
	}
	if !r.Num().IsInt64() || r.Sign() < 0 {
		return 0, invalid("invalid number of cpus: '%s': out of range", s)
	}
	n := r.Num().Int64()
	if n != 0 && n < 1e7 {
		return 0, invalid("invalid number of cpus: '%s': the least is 0.01", s)
	}
	return n, nil
}

// Cpuset reads --cpuset-cpus or --cpuset-mems: numbers and ranges (0-3,5), as
// in cpuset(7), "List format".
func Cpuset(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(s, ",") {
		low, high, isRange := strings.Cut(part, "-")
		a, err := strconv.ParseUint(low, 10, 16)
		if err != nil {
			return "", invalid("invalid list of cpus or memory nodes: '%s'", s)
		}
		if !isRange {
			continue
		}
		if b, err := strconv.ParseUint(high, 10, 16); err != nil || b < a {
			return "", invalid("invalid list of cpus or memory nodes: '%s'", s)
		}
	}
	return s, nil
}
