package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Size of the image that is pulled: layers of so many bytes of this machine's
// programs and libraries, not compressed.
const (
	pullLayers    = 8
	pullLayerSize = 150 << 20 / pullLayers
)

// scratch is what registrytest needs of a test.
type scratch struct {
	testing.TB
	dir  string
	ctx  context.Context
	undo []func()
}

func (s *scratch) Helper()                  {}
func (s *scratch) Context() context.Context { return s.ctx }
func (s *scratch) TempDir() string          { return s.dir }
func (s *scratch) Cleanup(f func())         { s.undo = append(s.undo, f) }
func (s *scratch) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

func (s *scratch) end() {
	for _, f := range s.undo {
		f()
	}
}

// pullImage is the image, and its layers as files.
type pullImage struct {
	ref    string
	layers []string // paths of the compressed layers
	bytes  int      // of all layers, compressed
	files  int
}

// servePullImage makes the image and puts it into a registry on loopback, which runs
// in this process until end.
func servePullImage(dir string) (img *pullImage, end func(), err error) {
	t := &scratch{dir: dir, ctx: context.Background()}
	img = &pullImage{}
	tars, err := img.collect()
	if err != nil {
		return nil, nil, err
	}
	built := registrytest.Build(t, registrytest.Kind{}, tars...)
	for i, l := range built.Layers {
		path := filepath.Join(dir, fmt.Sprintf("layer%d.tar.gz", i))
		if err := os.WriteFile(path, l, 0o600); err != nil {
			return nil, nil, err
		}
		img.layers = append(img.layers, path)
		img.bytes += len(l)
	}
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "bench", "1", built)
	img.ref = r.Host + "/bench:1"
	return img, t.end, nil
}

var errFull = errors.New("enough")

// collect fills the layers.
func (p *pullImage) collect() ([][]byte, error) {
	var tars [][]byte
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := filepath.WalkDir("/usr", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if err := p.add(w, path, d); err != nil {
			return err
		}
		if b.Len() < pullLayerSize {
			return nil
		}
		if err := w.Close(); err != nil {
			return err
		}
		tars = append(tars, bytes.Clone(b.Bytes()))
		b.Reset()
		w = tar.NewWriter(&b)
		if len(tars) == pullLayers {
			return errFull
		}
		return nil
	})
	if err == nil {
		err = fmt.Errorf("/usr has less than %d bytes", pullLayers*pullLayerSize)
	}
	if !errors.Is(err, errFull) {
		return nil, err
	}
	return tars, nil
}

func (p *pullImage) add(w *tar.Writer, path string, d fs.DirEntry) error {
	name := strings.TrimPrefix(path, "/")
	st, err := d.Info()
	if err != nil {
		return nil
	}
	switch {
	case d.IsDir():
		return w.WriteHeader(&tar.Header{Name: name + "/", Mode: 0o755, Typeflag: tar.TypeDir})
	case !d.Type().IsRegular() || st.Size() > pullLayerSize:
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	p.files++
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: int64(st.Mode().Perm()), Size: st.Size(), ModTime: st.ModTime(), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = io.CopyN(w, f, st.Size())
	return err
}

// pullDir is where the image's files are while pulls are measured.
func pullDir(s *harness.Suite) (string, error) { return s.Scratch("pull") }
