package cmd

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// roff is a page in the language of man(7).
type roff struct{ strings.Builder }

func (p *roff) line(s string) { p.WriteString(s + "\n") }

func (p *roff) head(name, version string) {
	p.line(`.TH "` + strings.ToUpper(roffText(name)) + `" "1" "" "Pouch ` + roffText(version) + `" "Pouch"`)
	p.line(".nh")
}

func (p *roff) section(title, text string) {
	p.line(`.SH "` + title + `"`)
	if text != "" {
		p.line(text)
	}
}

// item is a term with its explanation.
func (p *roff) item(term, text string) {
	p.line(".TP")
	p.line(term)
	p.line(text)
}

// flags lists those that a help text shows, by name.
func (p *roff) flags(flags []cli.Flag) {
	sorted := slices.Clone(flags)
	slices.SortFunc(sorted, func(a, b cli.Flag) int { return strings.Compare(a.Names()[0], b.Names()[0]) })
	for _, f := range sorted {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || hidden(f) {
			continue
		}
		names, value, usage := describe(f, d)
		term := `\fB` + roffText(names) + `\fR`
		if value != "" {
			term += ` \fI` + roffText(value) + `\fR`
		}
		p.item(term, roffText(usage))
	}
}

// environment lists the variables that stand for flags.
func (p *roff) environment(flags []cli.Flag) {
	first := true
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		for _, env := range d.GetEnvVars() {
			if first {
				p.section("ENVIRONMENT", "")
				first = false
			}
			p.item(`\fB`+roffText(env)+`\fR`, `The same as \fB`+roffText("--"+f.Names()[0])+`\fR, which has the last word.`)
		}
	}
}

// roffText keeps a text from being read as requests: groff_char(7), roff(7).
func roffText(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "’", `\(cq`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			l = `\&` + l
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}
