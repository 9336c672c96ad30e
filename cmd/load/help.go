package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadgo/load/internal/phrase"
)

const about = `Load finds, installs, compiles and runs Go packages by name.

Usage:

	load COMMAND [options] ARGUMENTS

The commands are:
`

const notes = `
Options stand before or after the other arguments, and with one minus or two; -- ends them. NAME is an import path, a directory (./rules), a path of a
registry of the policy (company:team/auth), or one of these with an alias before it and a version after it:
NAME@v1.2.3, NAME@v1, NAME@latest. It can also be a git repository (gh:user/repo//dir@v1.2.3, git::URL?ref=main), something in
an OCI registry (oci::REGISTRY/REPOSITORY:TAG//dir), or the URL of an archive or file.

Errors go to the standard error. The exit code is 0 when all is done, 1 when something failed, 2
when the command was called wrongly, and 130 when it was interrupted.

LOAD_DIR names the directory that keeps what is installed and
compiled; LOAD_NO_INSTALL=1 and LOAD_OFFLINE=1 forbid installs and all use of the network; LOAD_POLICY names a
policy file, LOAD_LOCK a lock file other than load.lock, and LOAD_TRACE a file for events as JSON lines. GOPROXY, GOSUMDB, GOPRIVATE and the like mean what they mean to the go command.
`

func usage() string {
	var b strings.Builder
	b.WriteString(about + "\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.short)
	}
	fmt.Fprintf(&b, "  %-10s %s\n", "completion", "print a script that completes what is typed in a shell")
	fmt.Fprintf(&b, "  %-10s %s\n\n", "help", "tell more about a command: load help COMMAND")
	b.WriteString(phrase.Wrapped(notes, "") + "\n")
	return b.String()
}

// commandHelp is the help of one command: its usage, what it does, and its options in the order of
// their names.
func commandHelp(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s\n", c.UseLine(), phrase.Wrapped(cmp.Or(c.Long, c.Short), ""))
	for i, sub := range c.Commands() {
		if i == 0 {
			b.WriteString("\nThe commands are:\n\n")
		}
		fmt.Fprintf(&b, "  %-10s %s\n", sub.Name(), sub.Short)
	}
	first := true
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" { // every command has it
			return
		}
		if first {
			b.WriteString("\n")
			first = false
		}
		value, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "  %s\n%s\n", strings.TrimSpace("-"+f.Name+" "+value), phrase.Wrapped(usage, "    \t"))
	})
	return b.String()
}
