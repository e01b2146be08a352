package registry

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// packLayout writes the OCI layout in dir as the archive path, which is there
// when it is complete. The same layout gives the same bytes.
func packLayout(ctx context.Context, dir, path string) error {
	part, finish, err := beside(path)
	if err != nil {
		return err
	}
	defer finish(ctx, false) //nolint:errcheck // the first error is told
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	err = errors.Join(writeLayout(ctx, dir, f), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return finish(ctx, true)
}

func writeLayout(ctx context.Context, dir string, w io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	out := tar.NewWriter(w)
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil || !d.Type().IsRegular() {
			return errors.Join(err, ctx.Err())
		}
		f, err := root.Open(filepath.FromSlash(name))
		if err != nil {
			return err
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			return err
		}
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: st.Size(), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = io.Copy(out, f)
		return err
	})
	return errors.Join(err, out.Close())
}
