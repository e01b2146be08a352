package fsx

import "os"

// Growing is a file that is written bit by bit, and that nobody sees until Place
// gives it its name. A writer who is killed leaves nothing, or what StaleTemps
// finds.
type Growing struct{ d *draft }

// Grow begins a file in the folder of path.
func Grow(path string) (*Growing, error) {
	d, err := newDraft(path)
	if err != nil {
		return nil, err
	}
	return &Growing{d}, nil
}

// Write implements io.Writer.
func (g *Growing) Write(p []byte) (int, error) { return g.d.f.Write(p) }

// Settle makes what was written durable.
func (g *Growing) Settle(mode os.FileMode) error { return g.d.fill(nil, mode, true) }

// Place puts the file in the place of path, which is in the folder of Grow.
func (g *Growing) Place(path string) error { return g.d.rename(path) }

// Discard closes the file, and removes it unless it was placed.
func (g *Growing) Discard() { g.d.discard() }
