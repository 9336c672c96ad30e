package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
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

// helpWidth is the width of what help prints, in columns.
const helpWidth = 80

func usage() string {
	var b strings.Builder
	b.WriteString(about + "\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-9s %s\n", c.name, c.short)
	}
	fmt.Fprintf(&b, "  %-9s %s\n\n", "help", "tell more about a command: load help COMMAND")
	b.WriteString(wrapped(notes, "") + "\n")
	return b.String()
}

// help prints the usage, or that of one command.
func help(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" {
		io.WriteString(stdout, usage())
		return exitDone
	}
	for _, c := range commands() {
		if c.name == args[0] {
			fmt.Fprintf(stdout, "usage: %s\n\n%s\n", c.line(), wrapped(cmp.Or(c.long, c.short), ""))
			c.printOptions(stdout)
			return exitDone
		}
	}
	return unknown(args[0], stderr)
}

// printOptions prints the options of a command, in the order of their names.
func (c command) printOptions(w io.Writer) {
	if c.flags == nil {
		return
	}
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	c.flags(flags, new(options))
	fmt.Fprintln(w)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  %s\n%s\n", strings.TrimSpace("-"+f.Name+" "+value), wrapped(usage, "    \t"))
	})
}

// wrapped breaks the lines of paragraphs anew, each behind an indent of at most eight columns.
// Lines that are indented already stay as they are.
func wrapped(text, indent string) string {
	width := helpWidth
	if indent != "" {
		width -= 8
	}
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, indent+line)
		}
		line = ""
	}
	for _, source := range strings.Split(strings.TrimSpace(text), "\n") {
		switch {
		case source == "":
			flush()
			lines = append(lines, "")
			continue
		case source[0] == '\t' || source[0] == ' ':
			flush()
			lines = append(lines, indent+source)
			continue
		}
		for _, word := range strings.Fields(source) {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				flush()
			}
			line = strings.TrimSpace(line + " " + word)
		}
	}
	flush()
	return strings.Join(lines, "\n")
}
