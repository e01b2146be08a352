package cmd

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestManual: every verb has a page that names its flags, and a text that looks
// like a request of roff is not read as one.
func TestManual(t *testing.T) {
	app := App("pouch-x", "do things", &cli.Command{
		Name: "box", Usage: "pack", ArgsUsage: "THING…", Description: "one\n.two \\three",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "size", Aliases: []string{"s"}, Usage: "of `BYTES`", EnvVars: []string{"BOX_SIZE"}},
			&cli.BoolFlag{Name: "secretly", Hidden: true},
		},
		Subcommands: []*cli.Command{{Name: "open", Usage: "unpack", ArgsUsage: "THING…"}},
	})
	pages := Manual(app)
	for page, wants := range map[string][]string{
		"pouch-x.1":          {"do things", `\fBbox\fR`, `\fBpouch\-x\-box\fR(1)`, `\fB\-\-root\fR \fIVALUE\fR`, "POUCH_ROOT"},
		"pouch-x-box.1":      {`\fB\-s, \-\-size\fR \fIBYTES\fR`, "\n\\&.two \\ethree\n", "BOX_SIZE", "pouch\\-x\\-box\\-open"},
		"pouch-x-box-open.1": {"unpack", "THING...", `\fBpouch\-x box open\fR`},
	} {
		for _, want := range wants {
			if !strings.Contains(pages[page], want) {
				t.Errorf("%s lacks %q:\n%s", page, want, pages[page])
			}
		}
	}
	if strings.Contains(pages["pouch-x-box.1"], "secretly") || pages["pouch-x-man.1"] != "" {
		t.Error("what is hidden has a place in the manual")
	}
}
