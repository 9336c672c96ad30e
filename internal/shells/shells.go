// Package shells writes the scripts with which shells complete what is typed.
package shells

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Names are the shells that Write knows.
var Names = []string{"bash", "zsh", "fish", "powershell"}

// withoutPackage is for a bash without the package bash-completion, whose function it stands for:
// the words of the line up to the cursor.
const withoutPackage = `if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
_get_comp_words_by_ref()
{
    local line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<< "$line"
    [[ $line == *" " ]] && words+=("")
    cword=$((${#words[@]}-1))
    cur=${words[cword]}
    prev=${words[cword-1]}
}
fi

`

// quotes are what a script lacks to complete a word within a quote that is open, by a line before
// which or instead of which it stands. Scripts of bash and zsh evaluate the line, which does not
// parse then. They leave the quote out before the beginning of a name; before anything else it
// stays, since it may be what keeps the shell from running a part of the word.
var quotes = map[string]struct{ line, with string }{
	"bash": {`    requestComp="${words[0]} __complete ${args[*]}"
`, `    local opened="^[\"'][a-zA-Z0-9_./@-]*$"
    if [[ ${cur} =~ ${opened} ]]; then
        cur=${cur:1}
        args[${#args[@]}-1]=${cur}
        words[${#words[@]}-1]=${cur}
    fi
    requestComp="${words[0]} __complete ${args[*]}"
`},
	"zsh": {`    requestComp="${words[1]} __complete ${words[2,-1]}"
`, `    if [[ "${words[-1]}" =~ "^[\"'][a-zA-Z0-9_./@-]*$" ]]; then
        words[-1]=${words[-1][2,-1]}
        lastChar=${words[-1][-1]}
    fi
    requestComp="${words[1]} __complete ${words[2,-1]}"
`},
	"fish": {`(commandline -t | string escape`, `(commandline -t | string trim --left --chars "'\"" | string escape`},
}

// Write writes the script of a shell, one of Names, for a program.
func Write(w io.Writer, program *cobra.Command, shell string) error {
	if !slices.Contains(Names, shell) {
		return fmt.Errorf("%q is none of the shells %s", shell, strings.Join(Names, ", "))
	}
	var script strings.Builder
	var err error
	switch shell {
	case "bash":
		script.WriteString(withoutPackage)
		err = program.GenBashCompletionV2(&script, true)
	case "zsh":
		err = program.GenZshCompletion(&script)
	case "fish":
		err = program.GenFishCompletion(&script, true)
	case "powershell":
		err = program.GenPowerShellCompletionWithDesc(&script)
	}
	if err != nil {
		return err
	}
	text := script.String()
	if quote, ok := quotes[shell]; ok {
		text = strings.Replace(text, quote.line, quote.with, 1)
	}
	_, err = io.WriteString(w, text)
	return err
}
