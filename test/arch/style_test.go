package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	maxMain = 25 // lines of a main.go
	maxFunc = 60 // lines of a function
)

// source is a parsed file of production code.
type source struct {
	pkg  pkg
	name string // path in the tree
	fset *token.FileSet
	file *ast.File
}

func (s source) at(n ast.Node) string {
	return s.name + ":" + itoa(s.fset.Position(n.Pos()).Line)
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	for _, p := range production(t) {
		for _, f := range append(p.GoFiles, p.CgoFiles...) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, f), nil, parser.ParseComments)
			if err != nil {
				t.Errorf("%s: %v", f, err)
				continue
			}
			if ast.IsGenerated(file) {
				continue
			}
			out = append(out, source{p, p.path() + "/" + f, fset, file})
		}
	}
	return out
}

func TestNames(t *testing.T) {
	for _, s := range sources(t) {
		for part := range strings.SplitSeq(strings.ToLower(s.name), "/") {
			switch strings.TrimSuffix(part, ".go") {
			case "util", "utils", "common", "helper", "helpers", "types", "misc":
				t.Errorf("%s: the name says nothing", s.name)
			}
		}
	}
}

func TestMainIsShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.file.Name.Name != "main" || filepath.Base(s.name) != "main.go" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(s.pkg.Dir, "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n > maxMain {
			t.Errorf("%s has %d lines, at most %d", s.name, n, maxMain)
		}
	}
}

func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.pkg.path()] = documented[s.pkg.path()] || s.file.Doc != nil
	}
	for p, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", p)
		}
	}
}

func TestFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if f.Name.Name == "init" && f.Recv == nil && !mayInit(s.pkg.path()) {
				t.Errorf("%s: init()", s.at(f))
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > maxFunc {
				t.Errorf("%s: %s has %d lines, at most %d", s.at(f), f.Name.Name, n, maxFunc)
			}
			if f.Name.IsExported() && exportedReceiver(f) && f.Doc == nil && s.file.Name.Name != "main" && !standardMethod(f.Name.Name) {
				t.Errorf("%s: %s has no comment", s.at(f), f.Name.Name)
			}
		}
	}
}

// mayInit: libcontainer's first process is the program itself, run again; and
// the main thread must be kept before main begins.
func mayInit(path string) bool {
	return path == "pouch-shim" || strings.HasPrefix(path, "pkg/shim/libct")
}

// standardMethod names what the standard library documents.
func standardMethod(name string) bool {
	switch name {
	case "Error", "Unwrap", "String", "Is", "Read", "Write", "Close", "Len", "Less", "Swap", "MarshalJSON", "UnmarshalJSON":
		return true
	}
	return false
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if ix, ok := t.(*ast.IndexExpr); ok {
		t = ix.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}

func TestDeclarations(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				checkSpec(t, s, g, spec)
			}
		}
	}
}

func checkSpec(t *testing.T, s source, g *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch x := spec.(type) {
	case *ast.TypeSpec:
		if x.Name.IsExported() && x.Doc == nil && g.Doc == nil && s.file.Name.Name != "main" {
			t.Errorf("%s: type %s has no comment", s.at(x), x.Name.Name)
		}
	case *ast.ValueSpec:
		for _, n := range x.Names {
			if n.IsExported() && x.Doc == nil && g.Doc == nil && x.Comment == nil {
				t.Errorf("%s: %s has no comment", s.at(n), n.Name)
			}
			if g.Tok == token.VAR && !mayBeGlobal(n.Name) && !embedded(g) && !once(x) {
				t.Errorf("%s: package variable %s: pass it, or make it a function", s.at(n), n.Name)
			}
		}
	}
}

// mayBeGlobal: errors, the version that the linker sets, and interface checks.
func mayBeGlobal(name string) bool {
	return name == "_" || name == "Version" || strings.HasPrefix(name, "err") || strings.HasPrefix(name, "Err")
}

// once: a function that remembers what it has found, which does not change as long
// as a program runs.
func once(x *ast.ValueSpec) bool {
	if len(x.Values) != 1 {
		return false
	}
	call, ok := x.Values[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := f.X.(*ast.Ident)
	return ok && pkg.Name == "sync" && (f.Sel.Name == "OnceValue" || f.Sel.Name == "OnceValues")
}

func embedded(g *ast.GenDecl) bool {
	return g.Doc != nil && strings.Contains(g.Doc.List[len(g.Doc.List)-1].Text, "//go:embed")
}
