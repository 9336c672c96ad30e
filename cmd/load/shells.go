package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadgo/load/internal/shells"
)

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
		ValidArgs: shells.Names,
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 1 && slices.Contains(shells.Names, args[0]) {
			return shells.Write(s.stdout, program, args[0])
		}
		return &usageError{fmt.Sprintf("it takes the name of one SHELL: bash, zsh, fish or powershell, not %q", args)}
	}
	return c
}
