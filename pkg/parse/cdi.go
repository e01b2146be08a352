package parse

import (
	"strconv"
	"strings"
)

// IsCDI reports whether a --device names a device of a vendor's file, as
// vendor.com/class=name, and not a path.
func IsCDI(s string) bool {
	kind, _, ok := strings.Cut(s, "=")
	return ok && !strings.HasPrefix(s, "/") && strings.Contains(kind, "/")
}

// CDIDevices reads such a --device: vendor.com/class=name[,…], where each
// further name is one of the same kind or has a kind of its own.
func CDIDevices(s string) ([]string, error) {
	var out []string
	kind := ""
	for f := range strings.SplitSeq(s, ",") {
		if IsCDI(f) {
			kind, f, _ = strings.Cut(f, "=")
		}
		vendor, class, _ := strings.Cut(kind, "/")
		if !cdiWord(vendor, "_-.") || !cdiWord(class, "_-.") || !cdiWord(f, "_-.:") {
			return nil, invalid("device %s: write it as vendor.com/class=name[,…]", s)
		}
		out = append(out, kind+"="+f)
	}
	return out, nil
}

// cdiWord checks a word of a device's name; the specification's grammar.
func cdiWord(s, others string) bool {
	return s != "" && strings.Trim(s, nameLetters+others) == "" &&
		strings.Contains(nameLetters, s[:1]) && strings.Contains(nameLetters, s[len(s)-1:])
}

// GPUs reads --gpus as docker does, and returns CDI devices: all, a number, or
// CSV of device=0,1, count=N, capabilities=… and driver=nvidia.
func GPUs(s string) ([]string, error) {
	fields, err := csvLine(s)
	if err != nil {
		return nil, invalid("gpus %s: %w", s, err)
	}
	said, err := gpuFields(fields)
	if err != nil {
		return nil, invalid("gpus %s: %w", s, err)
	}
	kind, ok := gpuKind(said["driver"])
	if !ok {
		return nil, invalid("gpus %s: unknown driver %s: use nvidia or amd, or --device vendor.com/class=name", s, said["driver"])
	}
	ids, has := said["device"]
	switch count, both := said["count"]; {
	case has && both:
		return nil, invalid("gpus %s: count and device exclude each other", s)
	case !has:
		if ids, err = firstGPUs(count); err != nil {
			return nil, invalid("gpus %s: %w", s, err)
		}
	}
	return CDIDevices(kind + "=" + ids)
}

// gpuFields are the keys and values; a word without a key is the count when it
// comes first, and belongs to the value before it else.
func gpuFields(fields []string) (map[string]string, error) {
	said, last := map[string]string{}, ""
	for i, f := range fields {
		key, val, has := strings.Cut(f, "=")
		switch {
		case !has && i == 0:
			key, val = "count", f
		case !has && last != "count":
			said[last] += "," + f
			continue
		}
		switch _, twice := said[key]; {
		case twice:
			return nil, invalid("%s is given twice", key)
		case key != "count" && key != "device" && key != "driver" && key != "capabilities" && key != "options":
			return nil, invalid("unexpected key '%s'", key)
		}
		said[key], last = val, key
	}
	return said, nil
}

// gpuKind is where docker, too, looks for the devices of a driver.
func gpuKind(driver string) (kind string, known bool) {
	switch driver {
	case "", "nvidia", "cdi":
		return "nvidia.com/gpu", true
	case "amd":
		return "amd.com/gpu", true
	}
	return "", false
}

// firstGPUs are the names of so many devices, which count from 0.
func firstGPUs(count string) (string, error) {
	if count == "" || count == "-1" || count == "all" {
		return "all", nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 1024 {
		return "", invalid("count must be a number or all: %q", count)
	}
	var out []string
	for i := range n {
		out = append(out, strconv.Itoa(i))
	}
	return strings.Join(out, ","), nil
}
