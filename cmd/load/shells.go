package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

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

// completionCommand prints the script that lets a shell complete what is typed.
func (s *session) completionCommand(program *cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: "completion SHELL", Short: "print a script that completes what is typed in a shell", DisableFlagsInUseLine: true,
		Long: `
Completion prints the script with which a shell completes commands, options, names of modules that are installed
or of the standard library, and behind a name what that module exports. It completes from the next shell on; of zsh,
behind compinit:

  bash        echo 'source <(load completion bash)' >> ~/.bashrc
  zsh         echo 'source <(load completion zsh)' >> ~/.zshrc
  fish        load completion fish > ~/.config/fish/completions/load.fish
  powershell  load completion powershell >> $PROFILE`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		shell := ""
		if len(args) == 1 {
			shell = args[0]
		}
		switch shell {
		case "bash":
			io.WriteString(s.stdout, withoutPackage)
			return program.GenBashCompletionV2(s.stdout, true)
		case "zsh":
			return program.GenZshCompletion(s.stdout)
		case "fish":
			return program.GenFishCompletion(s.stdout, true)
		case "powershell":
			return program.GenPowerShellCompletionWithDesc(s.stdout)
		}
		return &usageError{fmt.Sprintf("it takes the name of one SHELL: bash, zsh, fish or powershell, not %q", args)}
	}
	return c
}
