package arch

import (
	"go/ast"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// banned are calls with one owner: who else makes them has found a way around
// it. The owners are prefixes of package paths; the text says where to go.
func banned() map[string]struct {
	owners []string
	use    string
} {
	type rule = struct {
		owners []string
		use    string
	}
	state := rule{[]string{"pkg/fsx", "pkg/store"}, "state files are written by pkg/fsx and pkg/store"}
	exit := rule{[]string{"pkg/cmd", "pouch-shim"}, "pkg/cmd owns the terminal and the exit"}
	return map[string]rule{
		"os.Create":      state,
		"os.IsNotExist":  {nil, "errors.Is(err, fs.ErrNotExist)"},
		"os.IsExist":     {nil, "errors.Is(err, fs.ErrExist)"},
		"ioutil.ReadAll": {nil, "io.ReadAll with a limit"},
		"os.Exit":        exit,
		"log.Fatal":      exit,
		"log.Fatalf":     exit,
		"fmt.Print":      exit,
		"fmt.Printf":     exit,
		"fmt.Println":    exit,
	}
}

func TestCallsHaveOwners(t *testing.T) {
	rules := banned()
	for _, s := range sources(t) {
		imported := map[string]string{}
		for _, i := range s.file.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			name := path[strings.LastIndex(path, "/")+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			imported[name] = path
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := sel.X.(*ast.Ident)
			if !ok || imported[id.Name] == "" {
				return true
			}
			name := id.Name + "." + sel.Sel.Name
			if name == "os.Exit" && filepath.Base(s.name) == "main.go" && s.file.Name.Name == "main" {
				return true // with the code that pkg/cmd gives
			}
			if r, bad := rules[name]; bad && !has(r.owners, s.pkg.path()) {
				t.Errorf("%s: %s: %s", s.at(n), name, r.use)
			}
			return true
		})
	}
}

func has(owners []string, path string) bool {
	for _, o := range owners {
		if path == o || strings.HasPrefix(path, o+"/") {
			return true
		}
	}
	return false
}

// foreign are programs that Pouch must never need.
func TestNoForeignPrograms(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !strings.HasPrefix(sel.Sel.Name, "Command") {
				return true
			}
			for _, a := range call.Args {
				if lit, ok := a.(*ast.BasicLit); ok {
					switch strings.Trim(lit.Value, `"`) {
					case "ip", "iptables", "nft", "mount", "umount", "modprobe", "sh", "/bin/sh", "docker", "podman":
						t.Errorf("%s: runs %s", s.at(n), lit.Value)
					}
				}
			}
			return true
		})
	}
}
