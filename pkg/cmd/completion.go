package cmd

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// completionCommand prints the script that makes a shell complete app's words.
func completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print the script that lets a shell complete this program's words",
		ArgsUsage:   "bash|zsh|fish",
		Description: "For this shell alone: bash: source <(PROGRAM completion bash); zsh: source <(PROGRAM completion zsh);\nfish: PROGRAM completion fish | source.",
		Action: func(c *cli.Context) error {
			args, err := Args(c, 1, 1)
			if err != nil {
				return err
			}
			script := completionScripts()[args[0]]
			if script == "" {
				return errs.New(errs.Invalid, "completion: no script for %s: bash, zsh or fish", args[0])
			}
			fmt.Fprint(c.App.Writer, strings.NewReplacer("PROGRAM", c.App.Name, "FUNCTION", "_"+strings.ReplaceAll(c.App.Name, "-", "_")).Replace(script))
			return nil
		},
	}
}

// completionScripts ask the program itself for the words, so that they know the
// containers of the moment. Where it names none, file names are completed.
func completionScripts() map[string]string {
	return map[string]string{
		"bash": `# bash completion of PROGRAM
FUNCTION() {
    local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=($(PROGRAM ` + completeVerb + ` bash "${COMP_LINE:0:COMP_POINT}" "$cur" 2>/dev/null))
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F FUNCTION PROGRAM
`,
		"zsh": `#compdef PROGRAM
FUNCTION() {
    local -a found
    found=("${(@f)$(PROGRAM ` + completeVerb + ` zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then
        _describe -V PROGRAM found
    else
        _files
    fi
}
if [[ ${funcstack[1]} == FUNCTION ]]; then
    FUNCTION "$@"
else
    compdef FUNCTION PROGRAM
fi
`,
		"fish": `# fish completion of PROGRAM
function FUNCTION
    PROGRAM ` + completeVerb + ` fish (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c PROGRAM -f -n 'test -n "$(FUNCTION)"' -a '(FUNCTION)'
`,
	}
}
