package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// newTemplate parses a --format template with docker's functions. With cells
// the control characters of every printed value are escaped, so that they break
// neither the table nor the terminal.
func newTemplate(text string, cells bool) (*template.Template, error) {
	t, err := template.New("").Funcs(functions()).Parse(unescape(text))
	if err != nil {
		return nil, errs.New(errs.Invalid, "template parsing error: %w", err)
	}
	if cells {
		for _, d := range t.Templates() {
			escapeList(d.Tree, d.Root)
		}
	}
	return t, nil
}

// unescape takes \t and \n in a format for what they mean: a shell's single
// quotes leave them as two characters. Inside {{ }} they are Go's.
func unescape(text string) string {
	r := strings.NewReplacer(`\t`, "\t", `\n`, "\n")
	var b strings.Builder
	for text != "" {
		plain, action, found := strings.Cut(text, "{{")
		b.WriteString(r.Replace(plain))
		if !found {
			break
		}
		inside, rest, closed := strings.Cut(action, "}}")
		b.WriteString("{{" + inside)
		if closed {
			b.WriteString("}}")
		}
		text = rest
	}
	return b.String()
}

func functions() template.FuncMap {
	return template.FuncMap{
		"json":     jsonText,
		"split":    strings.Split,
		"join":     join,
		"lower":    strings.ToLower,
		"upper":    strings.ToUpper,
		"title":    title,
		"pad":      pad,
		"truncate": truncate,
		cellFunc:   cell,
	}
}

// cellFunc is the name under which escapeList calls cell.
const cellFunc = "pouchCell"

// escapeList appends cell to every action of a template that prints.
func escapeList(tree *parse.Tree, list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				id := parse.NewIdentifier(cellFunc).SetTree(tree).SetPos(n.Pos)
				n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{id}})
			}
		case *parse.IfNode:
			escapeBranch(tree, &n.BranchNode)
		case *parse.RangeNode:
			escapeBranch(tree, &n.BranchNode)
		case *parse.WithNode:
			escapeBranch(tree, &n.BranchNode)
		}
	}
}

func escapeBranch(tree *parse.Tree, b *parse.BranchNode) {
	escapeList(tree, b.List)
	escapeList(tree, b.ElseList)
}

// cell is a value as text on one line.
func cell(v any) string {
	return escapeControls(fmt.Sprint(v), func(rune) bool { return false })
}

// escapeControls writes the control characters of s as \xNN, those that keep
// accepts excepted.
func escapeControls(s string, keep func(rune) bool) string {
	bad := func(r rune) bool { return unicode.IsControl(r) && !keep(r) }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !bad(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}

// jsonText is v as JSON on one line, without HTML's escapes.
func jsonText(v any) (string, error) {
	var b bytes.Buffer
	err := encodeJSON(&b, v, "")
	return strings.TrimSuffix(b.String(), "\n"), err
}

// encodeJSON writes v as JSON, without HTML's escapes, and with those for DEL and C1
// (U+007F to U+009F), which JSON may leave as they are (RFC 8259, 7) and terminals obey.
func encodeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	text := b.Bytes()
	for {
		i := bytes.IndexFunc(text, func(r rune) bool { return r >= 0x7f && r <= 0x9f })
		if i < 0 {
			_, err := w.Write(text)
			return err
		}
		r, n := utf8.DecodeRune(text[i:])
		if _, err := fmt.Fprintf(w, `%s\u%04x`, text[:i], r); err != nil {
			return err
		}
		text = text[i+n:]
	}
}

// join is strings.Join for a slice of anything.
func join(v any, sep string) (string, error) {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, sep), nil
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = fmt.Sprint(v[i])
		}
		return strings.Join(parts, sep), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("join: %T is no list of strings", v)
}

// title begins every word with a capital.
func title(s string) string {
	prev := ' '
	return strings.Map(func(r rune) rune {
		start := !unicode.IsLetter(prev) && !unicode.IsDigit(prev) && prev != '\''
		prev = r
		if start {
			return unicode.ToTitle(r)
		}
		return r
	}, s)
}

// pad puts left spaces before s and right spaces behind it, and leaves an empty
// s alone.
func pad(s string, left, right int) string {
	if s == "" {
		return s
	}
	return strings.Repeat(" ", max(left, 0)) + s + strings.Repeat(" ", max(right, 0))
}

// truncate cuts s after n characters.
func truncate(s string, n int) string {
	if r := []rune(s); n >= 0 && len(r) > n {
		return string(r[:n])
	}
	return s
}
