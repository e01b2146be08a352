package imagestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// clockSlack is how far a file's time may lie before the clock's.
const clockSlack = 2 * time.Second

// alone reports whether the layer, which was unpacked without those below it, came out
// as it would have over them. What of them counts then is the owner, the mode and the
// attributes of a folder that the layer has files in, but no entry for. Such a folder
// was made with mode 0755 and root as its owner, and its time is that of the unpacking;
// one of an entry has the entry's time.
func (s *staged) alone() bool {
	since, below := s.begun.Add(-clockSlack), s.below()
	err := filepath.WalkDir(s.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == s.folder {
			return err
		}
		info, err := d.Info()
		if err != nil || info.ModTime().Before(since) {
			return err
		}
		name, err := filepath.Rel(s.folder, path)
		if err == nil && !plainBelow(below, name) {
			err = errNotAlone
		}
		return err
	})
	return err == nil
}

var errNotAlone = errors.New("a folder is as below")

// plainBelow reports whether the uppermost folder of that name in below is as one that
// nobody described; so is one that is in none. What is not clear is not.
func plainBelow(below []string, name string) bool {
	for _, root := range below {
		fd, err := openBelow(root, name)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return false
		}
		plain := plainFolder(fd)
		unix.Close(fd)
		return plain
	}
	return true
}

func openBelow(root, name string) (int, error) {
	dir, err := os.Open(root)
	if err != nil {
		return -1, err
	}
	defer dir.Close()
	return unix.Openat2(int(dir.Fd()), name, &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
}

func plainFolder(fd int) bool {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Uid != 0 || st.Gid != 0 || st.Mode&0o7777 != 0o755 {
		return false
	}
	n, err := unix.Flistxattr(fd, nil)
	return err == nil && n == 0
}
