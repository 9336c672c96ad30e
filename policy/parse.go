package policy

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/token"
)

// header is the first line that counts; its number changes with the format.
const header = "load.policy 1"

// maxSize bounds what is read of a policy file.
const maxSize = 1 << 20

// SyntaxError reports a line of a policy file that cannot be used. Nothing of the file counts then.
type SyntaxError struct {
	File   string
	Line   int // from 1
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Read reads a policy file. A directory of signatures is relative to that of the file.
func Read(file string) (*Policy, error) {
	data, err := regular.Read(file, maxSize)
	if err != nil {
		return nil, err
	}
	p, err := Parse(filepath.Base(file), data)
	if err != nil {
		return nil, err
	}
	if p.path, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	if p.Signatures != "" && !filepath.IsAbs(p.Signatures) {
		p.Signatures = filepath.Join(filepath.Dir(p.path), p.Signatures)
	}
	return p, nil
}

// Parse reads the text of a policy file; file is its name, for errors and decisions. The error is a
// [*SyntaxError].
func Parse(file string, data []byte) (*Policy, error) {
	p := &parser{policy: &Policy{file: file, from: make(map[string]string)}, file: file, once: make(map[string]int)}
	headed := false
	for text := range bytes.Lines(data) {
		p.line++
		words, err := split(strings.TrimRight(string(text), "\r\n"))
		if err != nil {
			return nil, p.fail("%v", err)
		}
		switch {
		case len(words) == 0:
			continue
		case headed:
			err = p.rule(words)
		default:
			headed = true
			err = p.header(words)
		}
		if err != nil {
			return nil, err
		}
	}
	if !headed {
		p.line = max(p.line, 1)
		return nil, p.fail("there is no line %q", header)
	}
	return p.policy, nil
}

type parser struct {
	policy *Policy
	file   string
	line   int
	once   map[string]int // rules that can stand once, by their lines

	registries Registries
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{File: p.file, Line: p.line, Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) header(words []string) error {
	switch text := strings.Join(words, " "); {
	case text == header:
		return nil
	case words[0] == "load.policy" && len(words) == 2:
		return p.fail("its format is %q, and this program knows format 1", words[1])
	}
	return p.fail("the first line is not %q", header)
}

// split takes a line apart at spaces; "#" begins a comment, and a word in double quotes may hold
// both.
func split(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "" || line[0] == '#':
			return words, nil
		case line[0] == '"':
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("a quote is not closed")
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("%s is no quoted word", quoted)
			}
			words, line = append(words, word), line[len(quoted):]
			if line != "" && line[0] != ' ' && line[0] != '\t' {
				return nil, fmt.Errorf("there is no space after %s", quoted)
			}
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			words, line = append(words, line[:end]), line[end:]
		}
		if word := words[len(words)-1]; strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return nil, fmt.Errorf("%q holds what does not show", word)
		}
	}
}

func (p *parser) rule(words []string) (err error) {
	verb, args := words[0], words[1:]
	switch verb {
	case "install", "toolchain", "age", "retracted", "deprecated", "max-size", "max-modules", "signatures":
		if line := p.once[verb]; line > 0 {
			return p.fail("there is a rule %q in line %d already", verb, line)
		}
		p.once[verb] = p.line
	}
	switch verb {
	case "allow":
		return p.patterns("allow", args, &p.policy.Allow)
	case "deny":
		return p.patterns("deny", args, &p.policy.Deny)
	case "isolation":
		return p.patterns("isolation", args, &p.policy.Isolation)
	case "install":
		return p.word(verb, args, map[string]func(){"off": func() { p.policy.NoInstall = true }, "on": func() {}})
	case "toolchain":
		return p.word(verb, args, map[string]func(){"local": func() { p.policy.LocalToolchain = true }, "auto": func() {}})
	case "retracted":
		return p.word(verb, args, map[string]func(){"allow": func() { p.policy.AllowRetracted = true }, "refuse": func() {}})
	case "deprecated":
		return p.word(verb, args, map[string]func(){"refuse": func() { p.policy.RefuseDeprecated = true }, "allow": func() {}})
	case "age":
		return p.age(args)
	case "max-size":
		if len(args) != 1 {
			return p.fail("want max-size SIZE")
		}
		p.policy.MaxSize, err = p.size(args[0])
		p.from("max-size " + quantity.Size(p.policy.MaxSize))
		return err
	case "max-modules":
		if len(args) != 1 {
			return p.fail("want max-modules NUMBER")
		}
		p.policy.MaxModules, err = strconv.Atoi(args[0])
		if err != nil || p.policy.MaxModules <= 0 {
			return p.fail("%q is not a number of modules", args[0])
		}
		p.from("max-modules " + strconv.Itoa(p.policy.MaxModules))
		return nil
	case "grant":
		return p.grant(args)
	case "registry":
		return p.registry(args)
	case "signatures":
		if len(args) != 1 {
			return p.fail("want signatures DIRECTORY")
		}
		p.policy.Signatures = filepath.Clean(args[0])
		return nil
	case "sign":
		return p.sign(args)
	case "artifacts":
		return p.artifacts(args)
	}
	return p.fail("%q is no rule; rules are allow, deny, install, toolchain, age, retracted, deprecated, max-size, max-modules, sign, signatures, artifacts, grant, isolation, registry", verb)
}

// from remembers the line of a rule; the first of equal rules is the one that decides.
func (p *parser) from(rule string) {
	if _, ok := p.policy.from[rule]; !ok {
		p.policy.from[rule] = fmt.Sprintf("%s:%d", p.file, p.line)
	}
}

func (p *parser) patterns(verb string, args []string, list *[]string) error {
	if len(args) == 0 {
		return p.fail("%s takes at least one pattern", verb)
	}
	for _, pattern := range args {
		if err := p.pattern(pattern); err != nil {
			return err
		}
		p.from(verb + " " + pattern)
	}
	*list = append(*list, args...)
	if verb == "allow" {
		p.policy.from["allow "+strings.Join(*list, " ")] = p.policy.from["allow "+(*list)[0]]
	}
	return nil
}

func (p *parser) pattern(pattern string) error {
	if err := checkPattern(pattern); err != nil {
		return p.fail("%v", err)
	}
	return nil
}

func (p *parser) word(verb string, args []string, words map[string]func()) error {
	if len(args) == 1 {
		if set, ok := words[args[0]]; ok {
			set()
			p.from(verb + " " + args[0])
			return nil
		}
	}
	var known []string
	for word := range words {
		known = append(known, verb+" "+word)
	}
	slices.Sort(known)
	return p.fail("want %s", strings.Join(known, " or "))
}

func (p *parser) age(args []string) error {
	if len(args) == 0 || len(args) == 2 || len(args) > 2 && args[1] != "except" {
		return p.fail("want age DURATION [except PATTERN...]")
	}
	age, err := quantity.ParseDuration(args[0])
	if err != nil || age <= 0 {
		return p.fail("%q is no duration such as 72h or 3d, of 292 years at most", args[0])
	}
	p.policy.MinAge = age
	if len(args) > 2 {
		for _, pattern := range args[2:] {
			if err := p.pattern(pattern); err != nil {
				return err
			}
		}
		p.policy.AgeExcept = args[2:]
	}
	p.from("age " + quantity.Duration(p.policy.MinAge))
	return nil
}

// size reads a size such as 64MiB.
func (p *parser) size(text string) (int64, error) {
	n, err := quantity.ParseSize(text)
	if err != nil {
		return 0, p.fail("%v", err)
	}
	return n, nil
}

func (p *parser) grant(args []string) error {
	const usage = "want grant PATTERN, and then network, programs, read PATH..., write PATH..., env NAME[=VALUE]..., memory SIZE or time DURATION"
	if len(args) < 2 {
		return p.fail(usage)
	}
	if err := p.pattern(args[0]); err != nil {
		return err
	}
	g, what, args := Grant{Pattern: args[0]}, args[1], args[2:]
	switch {
	case what == "network" && len(args) == 0:
		g.Network = true
	case what == "programs" && len(args) == 0:
		g.Programs = true
	case (what == "read" || what == "write") && len(args) > 0:
		for i, name := range args {
			if !filepath.IsAbs(name) {
				return p.fail("%q is no absolute path", name)
			}
			args[i] = filepath.Clean(name)
		}
		if g.ReadOnly = args; what == "write" {
			g.ReadOnly, g.ReadWrite = nil, args
		}
	case what == "env" && len(args) > 0:
		for _, variable := range args {
			if variableName(variable) == "" || strings.ContainsAny(variableName(variable), " \t") {
				return p.fail("%q is no variable", variable)
			}
			if token.Holds(variable) {
				return p.fail("%s holds the token of a registry, which no module gets", variableName(variable))
			}
		}
		g.Env = args
	case what == "memory" && len(args) == 1:
		size, err := p.size(args[0])
		if err != nil {
			return err
		}
		g.Memory = size
	case what == "time" && len(args) == 1:
		limit, err := quantity.ParseDuration(args[0])
		if err != nil || limit <= 0 {
			return p.fail("%q is no duration such as 500ms or 10s", args[0])
		}
		g.CallTime = limit
	default:
		return p.fail(usage)
	}
	for _, text := range g.texts() {
		p.from(text)
	}
	p.policy.Grants = append(p.policy.Grants, g)
	return nil
}
