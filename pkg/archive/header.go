package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// xattrPrefix begins the PAX records that hold extended attributes, as GNU tar
// and bsdtar write them.
const xattrPrefix = "SCHILY.xattr."

// carried reports whether an extended attribute goes along: what a file may do
// and what users have noted. The others are the host's own business.
func carried(name string) bool {
	return name == "security.capability" || strings.HasPrefix(name, "user.") && !strings.HasPrefix(name, "user.overlay.")
}

// headerOf describes a file but for its name and owners; nil for a socket.
func headerOf(h *os.File, st *unix.Stat_t) (*tar.Header, error) {
	hdr := &tar.Header{
		Mode: int64(st.Mode & 0o7777), Format: tar.FormatPAX,
		ModTime: time.Unix(st.Mtim.Unix()),
	}
	var err error
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		hdr.Typeflag = tar.TypeDir
	case unix.S_IFREG:
		hdr.Typeflag, hdr.Size = tar.TypeReg, st.Size
	case unix.S_IFLNK:
		hdr.Typeflag = tar.TypeSymlink
		hdr.Linkname, err = readlink(h)
	case unix.S_IFIFO:
		hdr.Typeflag = tar.TypeFifo
	case unix.S_IFCHR, unix.S_IFBLK:
		hdr.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			hdr.Typeflag = tar.TypeBlock
		}
		hdr.Devmajor, hdr.Devminor = int64(unix.Major(uint64(st.Rdev))), int64(unix.Minor(uint64(st.Rdev))) //nolint:unconvert // as wide as the architecture has it
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return hdr, readXattrs(h, hdr)
}

func readXattrs(h *os.File, hdr *tar.Header) error {
	names, err := grown(func(b []byte) (int, error) { return unix.Listxattr(fdPath(h), b) })
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOENT) || len(names) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list attributes: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if !carried(name) || strings.Contains(name, "=") { // the form of the record forbids it
			continue
		}
		value, err := grown(func(b []byte) (int, error) { return unix.Getxattr(fdPath(h), name, b) })
		if err != nil {
			continue // it is gone
		}
		if hdr.PAXRecords == nil {
			hdr.PAXRecords = map[string]string{}
		}
		hdr.PAXRecords[xattrPrefix+name] = string(value)
	}
	return nil
}

// grown calls read with a larger buffer until the value fits; the kernel bounds
// both lists and values to 64 KiB (xattr(7)).
func grown(read func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := read(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		buf := make([]byte, n)
		if n, err = read(buf); !errors.Is(err, unix.ERANGE) {
			return buf[:max(n, 0)], err
		}
	}
}
