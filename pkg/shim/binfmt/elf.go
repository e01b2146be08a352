package binfmt

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
)

// elfFault looks at the header of a program and at the loader that it asks for.
// Programs whose table of segments lies beyond their beginning are not looked
// at further.
func elfFault(root Root, name string, data []byte) *Fault {
	h, ok := readHeader(data)
	if !ok {
		return &Fault{NoFormat, name + " is a damaged program (its ELF header)"}
	}
	if !runs(h.machine, h.wide) {
		return &Fault{WrongMachine, fmt.Sprintf("%s is a program for %s, and this machine is %s", name, machineName(h.machine), runtime.GOARCH)}
	}
	loader := h.loader(data)
	if loader == "" {
		return nil
	}
	if _, f := head(root, absolute(loader, "/")); f != nil {
		return &Fault{NoLoader, fmt.Sprintf("%s needs the loader %s, which is not in the container: it is linked for another C library than the image has, or the image has none", name, loader)}
	}
	return nil
}

// header is what counts of an ELF header (elf(5)).
type header struct {
	order     binary.ByteOrder
	wide      bool // 64 bits
	machine   elf.Machine
	phoff     uint64
	phentsize int
	phnum     int
}

func readHeader(data []byte) (h header, ok bool) {
	if len(data) < 52 {
		return h, false
	}
	switch elf.Data(data[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		h.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		h.order = binary.BigEndian
	default:
		return h, false
	}
	h.machine = elf.Machine(h.order.Uint16(data[18:]))
	switch h.wide = elf.Class(data[elf.EI_CLASS]) == elf.ELFCLASS64; {
	case !h.wide:
		h.phoff = uint64(h.order.Uint32(data[28:]))
		h.phentsize, h.phnum = int(h.order.Uint16(data[42:])), int(h.order.Uint16(data[44:]))
	case len(data) < 64:
		return h, false
	default:
		h.phoff = h.order.Uint64(data[32:])
		h.phentsize, h.phnum = int(h.order.Uint16(data[54:])), int(h.order.Uint16(data[56:]))
	}
	return h, true
}

// loader returns the path in PT_INTERP, "" when there is none in data.
func (h header) loader(data []byte) string {
	size := 32
	if h.wide {
		size = 56
	}
	if h.phentsize < size || h.phoff > uint64(len(data)) {
		return ""
	}
	for i := range h.phnum {
		at := int(h.phoff) + i*h.phentsize
		if at+size > len(data) {
			return ""
		}
		p := data[at:]
		if elf.ProgType(h.order.Uint32(p)) != elf.PT_INTERP {
			continue
		}
		off, n := uint64(h.order.Uint32(p[4:])), uint64(h.order.Uint32(p[16:]))
		if h.wide {
			off, n = h.order.Uint64(p[8:]), h.order.Uint64(p[32:])
		}
		if off > uint64(len(data)) || n > uint64(len(data))-off {
			return ""
		}
		text, _, _ := bytes.Cut(data[off:off+n], []byte{0})
		return string(text)
	}
	return ""
}

// runs reports whether this machine runs programs for m.
func runs(m elf.Machine, wide bool) bool {
	switch runtime.GOARCH {
	case "amd64":
		return m == elf.EM_X86_64 || m == elf.EM_386 && !wide
	case "arm64":
		return m == elf.EM_AARCH64 || m == elf.EM_ARM && !wide
	case "386":
		return m == elf.EM_386
	case "arm":
		return m == elf.EM_ARM
	case "riscv64":
		return m == elf.EM_RISCV
	case "s390x":
		return m == elf.EM_S390
	case "ppc64le", "ppc64":
		return m == elf.EM_PPC64
	}
	return true
}

// machineName is docker's word for a machine.
func machineName(m elf.Machine) string {
	switch m {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_386:
		return "386"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_ARM:
		return "arm"
	}
	return strings.ToLower(strings.TrimPrefix(m.String(), "EM_"))
}
