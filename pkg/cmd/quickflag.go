package cmd

import "github.com/urfave/cli/v2"

// whole is what the library's flags can do.
type whole interface {
	cli.DocGenerationFlag
	cli.RequiredFlag
	cli.VisibleFlag
	cli.CategorizableFlag
	cli.ActionableFlag
}

// quick is a flag that remembers its names. The library makes them anew with a
// regular expression each time, and asks every flag for them for each one that
// it looks up, so that for run alone they were asked for 15,000 times a command:
// longer than all the rest until the image is looked up.
type quick struct {
	whole
	names []string
}

// Names implements cli.Flag.
func (q *quick) Names() []string {
	if q.names == nil {
		q.names = q.whole.Names()
	}
	return q.names
}

// quickSlice is quick of a flag that may be given several times: the library
// tells such a one how to split its words by a method that only it can name.
type quickSlice struct {
	*cli.StringSliceFlag
	names []string
}

// Names implements cli.Flag.
func (q *quickSlice) Names() []string {
	if q.names == nil {
		q.names = q.StringSliceFlag.Names()
	}
	return q.names
}

// quicken makes flags remember their names.
func quicken(flags []cli.Flag) {
	for i, f := range flags {
		switch f := f.(type) {
		case *cli.StringSliceFlag:
			flags[i] = &quickSlice{StringSliceFlag: f}
		case cli.DocGenerationSliceFlag: // of numbers: the same, and not used
		case whole:
			flags[i] = &quick{whole: f}
		}
	}
}
