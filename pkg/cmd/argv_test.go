package cmd

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func testVerbs() []*cli.Command {
	run := slices.Concat(bools("rm", "detach d", "interactive i", "tty t"), texts("publish p", "volume v", "env e", "network net", "hostname h", "memory-swap", "name"))
	return []*cli.Command{
		{Name: "run", Args: true, Flags: run},
		{Name: "exec", Args: true, Flags: append(bools("tty t", "interactive i"), texts("env e")...)},
		{Name: "rm", Aliases: []string{"remove"}, Flags: append(bools("force f"), texts("time t")...)},
		{Name: "logs", Flags: append(bools("follow f"), texts("tail n")...)},
		{Name: "secret", Subcommands: []*cli.Command{{Name: "create", Aliases: []string{"new"}, Flags: texts("label l")}}},
	}
}

// bools and texts make flags, each of a name and aliases.
func bools(names ...string) (out []cli.Flag) {
	for _, n := range names {
		f := strings.Fields(n)
		out = append(out, &cli.BoolFlag{Name: f[0], Aliases: f[1:]})
	}
	return out
}

func texts(names ...string) (out []cli.Flag) {
	for _, n := range names {
		f := strings.Fields(n)
		out = append(out, &cli.StringFlag{Name: f[0], Aliases: f[1:]})
	}
	return out
}

func testGlobals() []cli.Flag { return append(texts("root"), bools("debug")...) }

// TestArgv: each line is what is written and what the library gets.
func TestArgv(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"IMG":                                   "run -- IMG",
		"IMG ls -l --rm":                        "run -- IMG ls -l --rm",
		"--rm IMG true":                         "run --rm -- IMG true",
		"run --rm IMG -d":                       "run --rm -- IMG -d",
		"run IMG -- x":                          "run -- IMG -- x",
		"-itd IMG":                              "run --interactive --tty --detach -- IMG",
		"run -p8080:80 -vfoo:bar IMG":           "run --publish=8080:80 --volume=foo:bar -- IMG",
		"run -e A=1,2 -eB=2 -e=C=3 --env D=4 X": "run --env=A=1,2 --env=B=2 --env=C=3 --env=D=4 -- X",
		"run -dp 80:80 X":                       "run --detach --publish=80:80 -- X",
		"run --net a --network=b X":             "run --network=a --network=b -- X",
		"run --rm=false -i=true X":              "run --rm=false --interactive=true -- X",
		"run -h web X":                          "run --hostname=web -- X",
		"-v a:b X":                              "run --volume=a:b -- X",
		"run --memory-swap -1 X":                "run --memory-swap=-1 -- X",
		"run -- -x":                             "run -- -x",
		"--root /r --debug IMG":                 "--root /r --debug run -- IMG",
		"--debug secret new a -lx b":            "--debug secret new --label=x -- a b",
		"secret nonsense -x":                    "secret -x",
		"--root=/r rm -f c1":                    "--root=/r rm --force -- c1",
		"rm c1 -f c2":                           "rm --force -- c1 c2",
		"remove c1 -f":                          "remove --force -- c1",
		"rm -- -f":                              "rm -- -f",
		"rm -":                                  "rm -- -",
		"rm c1 --time=0 c2 -ft 1":               "rm --time=0 --force --time=1 -- c1 c2",
		"rm c1 -- -f":                           "rm -- c1 -f",
		"rm c1 -t":                              "rm --time",
		"logs c1 -fn5":                          "logs --follow --tail=5 -- c1",
		"exec -it c1 sh -c x":                   "exec --interactive --tty -- c1 sh -c x",
		"run --foo X":                           "run --foo X",
		"run -iZ X":                             "run --interactive -Z X",
		"run --name":                            "run --name",
		"run -i -e":                             "run --interactive --env",
		"run --help":                            "run --help",
		"rm -h":                                 "rm -h",
		"--help":                                "--help", "--version": "--version", "help": "--help", "-h": "--help",
		"-h web IMG": "run --hostname=web -- IMG",
		"--root":     "--root",
	} {
		args := append([]string{"pouch-run"}, strings.Fields(in)...)
		before := slices.Clone(args)
		got := Argv(args, testGlobals(), testVerbs(), "run")
		if g := strings.Join(got[1:], " "); g != want {
			t.Errorf("%q: got %q, want %q", in, g, want)
		}
		if !slices.Equal(args, before) {
			t.Errorf("%q: the given words were changed", in)
		}
	}
}

// TestArgvWithoutDefault: a word that is no verb is left to the library.
func TestArgvWithoutDefault(t *testing.T) {
	in := []string{"x", "frob", "c1", "-l"}
	if got := Argv(in, testGlobals(), testVerbs(), ""); !slices.Equal(got, in) {
		t.Errorf("%q", got)
	}
}

func FuzzArgv(f *testing.F) {
	f.Add("run\x1f-itd\x1fIMG")
	f.Add("--root\x1f/x\x1f-p8080:80\x1fIMG\x1f--\x1f-x")
	f.Fuzz(func(t *testing.T, line string) {
		args := append([]string{"pouch-run"}, strings.Split(line, "\x1f")...)
		if got := Argv(args, testGlobals(), testVerbs(), "run"); len(got) == 0 || got[0] != "pouch-run" {
			t.Fatalf("%q: %q", args, got)
		}
	})
}
