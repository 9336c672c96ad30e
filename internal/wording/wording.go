// Package wording puts what the user of the command set, or can set, in the place of the fields
// that the library's messages name: options, variables of the environment and rules of a policy.
package wording

import (
	"cmp"
	"os"
	"regexp"
	"strings"
)

// phrases are whole remedies that read otherwise for the command. They come before settings.
var phrases = strings.NewReplacer(
	" (or Config.Store)", "",
	" (getter.Config.Insecure)", "",
	", and not among those of getter.Config.Insecure", "",
	" (oci.Config.TokenHosts)", "",
	" (Config.MaxModules)", "",
	"Config.Credentials or ", "",
	"Config.Toolchain, or LOAD_TOOLCHAIN,", "LOAD_TOOLCHAIN",
	"set Config.NoInstall to false", "unset LOAD_NO_INSTALL",
	"set Config.Frozen where", "use -frozen where",
	"set Config.Engine to ", "use -engine ",
	"or Config.Engine to ", "or use -engine ",
	"there is no Config.LockFile", "there is no lock file: set LOAD_LOCK",
	"set Config.Engines to one that takes it", "the command has no engine for it",
	"set Config.Installers to one that installs such names", "the command installs no such names",
	"name its host in wasm.Config.Hosts, or grant the network", "grant the network",
	"allow more by what Config.Limits returns, or by a policy that grants time", "grant more time in a policy",
	"what Config.Limits returns, or what the policy grants", "what the policy grants",
	"raise it (goprocess.Config.Memory)", "grant more memory in a policy",
	"does not fit into gowasm.Config.Memory", "does not fit into its memory; grant more in a policy",
	"does not fit into wasm.Config.Memory", "does not fit into its memory; grant more in a policy",
	"put protobuf.Codec of github.com/loadgo/load/contrib/protobuf into wasm.Config.Codecs", "use it from a program that sets wasm.Config.Codecs",
)

var (
	installer = regexp.MustCompile(`set up \S+ in Config\.Installers, or run`)
	program   = regexp.MustCompile(`\b(?:set|raise) ((?:starlark|goprocess|gowasm|wasm|getter)\.Config\.\w+)(?: to allow more)?`)
	directory = regexp.MustCompile(`name the directory in wasm\.Config\.[\w%]+, or grant it`)
	readOnly  = regexp.MustCompile(`(Config\.Engines: \w+: )?\b\w+\.Config\.ReadOnly\b`)
	readWrite = regexp.MustCompile(`(Config\.Engines: \w+: )?\b\w+\.Config\.ReadWrite\b`)
	field     = regexp.MustCompile(`\bConfig\.\w+`)
)

// setting is how a field of load.Config is set for the command.
type setting struct{ option, variable, always string }

var settings = map[string]setting{
	"Config.Frozen":    {"frozen", "LOAD_FROZEN", ""},
	"Config.Offline":   {"offline", "LOAD_OFFLINE", ""},
	"Config.NoInstall": {"", "LOAD_NO_INSTALL", ""},
	"Config.Engine":    {"engine", "", "-engine"},
	"Config.LockFile":  {"", "LOAD_LOCK", "load.lock"},
	"Config.Policies":  {"", "", "LOAD_POLICY"},
	"Config.Bundles":   {"", "", "LOAD_BUNDLE"},
	"Config.Remote":    {"", "", "LOAD_REMOTE"},
	"Config.Store":     {"", "", "LOAD_DIR"},
	"Config.Toolchain": {"", "", "LOAD_TOOLCHAIN"},
	"Config.Path":      {"", "", "LOAD_PATH"},
}

// name is what was set: the option if it was given, or else the variable; "" if it is neither.
func (s setting) name(given func(option string) bool) string {
	switch {
	case s.option != "" && given(s.option):
		return "-" + s.option
	case s.variable != "" && os.Getenv(s.variable) != "":
		return s.variable
	}
	return s.always
}

// OfCommand returns a message of the library as the command says it. given reports whether an
// option was.
func OfCommand(text string, given func(option string) bool) string {
	if !strings.Contains(text, "Config.") {
		return text
	}
	text = phrases.Replace(text)
	text = installer.ReplaceAllString(text, "run")
	text = directory.ReplaceAllString(text, "grant it")
	text = readOnly.ReplaceAllString(text, "-allow-read")
	text = readWrite.ReplaceAllString(text, "-allow-write")
	text = program.ReplaceAllString(text, "a program can allow more, by $1")
	if frozen := settings["Config.Frozen"].name(given); strings.HasPrefix(frozen, "-") {
		text = strings.ReplaceAll(text, "set Config.Frozen to false", "leave out "+frozen)
	} else {
		text = strings.ReplaceAll(text, "set Config.Frozen to false", "unset LOAD_FROZEN")
	}
	return replaceFields(text, given)
}

// replaceFields replaces the fields of load.Config, and none of another Config.
func replaceFields(text string, given func(string) bool) string {
	var b strings.Builder
	last := 0
	for _, at := range field.FindAllStringIndex(text, -1) {
		name := text[at[0]:at[1]]
		b.WriteString(text[last:at[0]])
		if at[0] == 0 || text[at[0]-1] != '.' {
			name = cmp.Or(settings[name].name(given), name)
		}
		b.WriteString(name)
		last = at[1]
	}
	return b.String() + text[last:]
}
