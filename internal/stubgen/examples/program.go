package examples

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Program is a compiled suite.
type Program struct {
	// Refused says why examples do not compile.
	Refused map[string]string
	binary  string
}

// Module is where suites are compiled: a module, and how its go command is run.
type Module struct {
	Dir string
	Env []string
}

// Go runs the go command.
func (m Module) Go(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = m.Dir, m.Env
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// rounds bounds how often what the compiler complains about is taken out.
const rounds = 12

// Compile compiles a suite in a directory of the module, relative to it, with imports led elsewhere
// and one more file of the package, without its package clause. What does not compile is taken out.
func (s *Suite) Compile(ctx context.Context, m Module, at string, lead func(path string) string, more string) (*Program, error) {
	dir := filepath.Join(m.Dir, at)
	p := &Program{Refused: map[string]string{}, binary: filepath.Join(dir, "examples.test")}
	files := map[string]*file{}
	for _, f := range s.files {
		files[f.name] = f.clone()
	}
	lost := map[string]string{}
	for range rounds {
		if err := s.write(dir, files, lead); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "more_test.go"), []byte("package "+s.Package+"\n"+more), 0o666); err != nil {
			return nil, err
		}
		output, err := m.Go(ctx, "test", "-c", "-vet=off", "-gcflags=-e", "-ldflags=-s -w", "-o", p.binary, "./"+filepath.ToSlash(at))
		if err == nil {
			for _, example := range s.Examples {
				if reason, ok := lost[example]; ok {
					p.Refused[example] = reason
				}
			}
			return p, nil
		}
		if !takeOut(files, output, lost) {
			return nil, fmt.Errorf("%s does not compile:\n%s", at, output)
		}
	}
	return nil, fmt.Errorf("%s does not compile after %d rounds", at, rounds)
}

var (
	complaint = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):\d+: (.*(?:\n\t.*)*)$`)
	undefined = regexp.MustCompile(`undefined: (\w+)`)
)

// takeOut takes out what the compiler complains about, notes why, and reports whether it is
// anything.
func takeOut(files map[string]*file, output string, lost map[string]string) (any bool) {
	for _, match := range complaint.FindAllStringSubmatch(output, -1) {
		f := files[filepath.Base(match[1])]
		if f == nil {
			continue
		}
		line, _ := strconv.Atoi(match[2])
		before := len(f.gone) + len(f.unused)
		reason := match[3]
		if name := undefined.FindStringSubmatch(reason); name != nil && lost[name[1]] != "" {
			reason = lost[name[1]]
		}
		for _, name := range f.takeOut(line, match[3]) {
			lost[name] = reason
		}
		any = any || len(f.gone)+len(f.unused) > before
	}
	return any
}

// result is the line in which an example ends.
var result = regexp.MustCompile(`(?m)^--- (PASS|FAIL): (Example\w*) \(.*\)$`)

// Run runs examples, again without one that ended the program, and returns what those print that
// fail: nil for those that pass.
func (p *Program) Run(ctx context.Context, names []string, env ...string) (failed map[string]string) {
	failed = map[string]string{}
	var run []string
	for _, name := range names {
		if reason, ok := p.Refused[name]; ok {
			failed[name] = reason
		} else {
			run = append(run, name)
		}
	}
	for len(run) > 0 {
		output := p.run(ctx, run, env)
		seen := map[string]bool{}
		for _, part := range strings.Split(output, "=== RUN   ")[1:] {
			name, text, _ := strings.Cut(part, "\n")
			seen[name] = true
			if match := result.FindStringSubmatch(text); match == nil || match[1] != "PASS" {
				failed[name] = text
			}
		}
		rest := slices.DeleteFunc(slices.Clone(run), func(name string) bool { return seen[name] })
		if len(rest) == len(run) {
			for _, name := range rest {
				failed[name] = output
			}
			break
		}
		run = rest
	}
	return failed
}

func (p *Program) run(ctx context.Context, names, env []string) string {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.binary, "-test.v", "-test.timeout=5m", "-test.run=^("+strings.Join(names, "|")+")$")
	cmd.Dir = filepath.Dir(p.binary)
	cmd.Env = append(os.Environ(), env...)
	output, err := cmd.CombinedOutput()
	if ended := new(exec.ExitError); err != nil && !errors.As(err, &ended) {
		return err.Error()
	}
	return string(output)
}
