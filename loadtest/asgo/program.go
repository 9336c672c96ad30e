package asgo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/require"
)

const loadModule = "github.com/loadgo/load"

// Program is a host program that links packages and loads them, too.
type Program struct {
	dir string
}

// Build writes and builds the host program of the subjects. The go command that it runs has the
// environment of the test, and asks a registry only for subjects with a query.
func Build(t testing.TB, subjects ...Subject) *Program {
	t.Helper()
	p := &Program{dir: loadtest.TempDir(t)}
	p.writeModule(t)
	var queries, paths []string
	for _, s := range subjects {
		paths = append(paths, s.Path)
		if s.Query != "" {
			queries = append(queries, s.Path+"@"+s.Query)
		}
	}
	if len(queries) > 0 {
		p.run(t, "go", append([]string{"get"}, queries...)...)
	}
	listed := p.run(t, "go", append([]string{"list", "-json=ImportPath,Dir,GoFiles"}, paths...)...)
	main := p.source(t, json.NewDecoder(strings.NewReader(listed)), subjects)
	write(t, filepath.Join(p.dir, "main.go"), main)
	p.run(t, "go", "build", "-o", "host", ".")
	return p
}

// Compare runs the program on an engine, with a store in the directory storeDir.
func (p *Program) Compare(t testing.TB, engine, storeDir string) []Report {
	t.Helper()
	out, crash := p.output(t, filepath.Join(p.dir, "host"), engine, storeDir)
	if crash != nil {
		t.Error(crash) // what was compared before is reported
	}
	var reports []Report
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var r Report
		err := d.Decode(&r)
		if errors.Is(err, io.EOF) {
			return reports
		}
		require.NoError(t, err)
		reports = append(reports, r)
	}
}

// run runs a command in the program's directory, and returns what it wrote.
func (p *Program) run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := p.output(t, name, args...)
	require.NoError(t, err)
	return out
}

func (p *Program) output(t testing.TB, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %q: %w\n%s", name, args, err, cause(stderr.String()))
	}
	return string(out), err
}

// cause is the end of what a program wrote, or from where it crashed, with the function that it
// compared.
func cause(text string) string {
	const room = 4000
	if crash := regexp.MustCompile(`(?m)^(panic|fatal error|runtime): `).FindStringIndex(text); crash != nil {
		text = text[max(0, crash[0]-200):]
		return text[:min(len(text), room)]
	}
	return text[max(0, len(text)-room):]
}

func write(t testing.TB, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

var moduleLine = regexp.MustCompile(`(?m)^module .*$`)

// writeModule makes a module that requires what load requires, in the same versions, so that the
// standard library alone needs no network.
func (p *Program) writeModule(t testing.TB) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", loadModule)
	out, err := cmd.Output()
	require.NoError(t, err)
	root := strings.TrimSpace(string(out))
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if name == "go.mod" {
			text = moduleLine.ReplaceAll(text, []byte("module asgo"))
			text = fmt.Appendf(text, "\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n", loadModule, root)
		}
		write(t, filepath.Join(p.dir, name), string(text))
	}
}

// source writes the main package, with a table of what each package exports.
func (p *Program) source(t testing.TB, listed *json.Decoder, subjects []Subject) string {
	t.Helper()
	var imports, tables strings.Builder
	for {
		var pkg struct {
			ImportPath, Dir string
			GoFiles         []string
		}
		err := listed.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		at := slices.IndexFunc(subjects, func(s Subject) bool { return s.Path == pkg.ImportPath })
		name := fmt.Sprintf("p%d", at)
		functions, types := exported(t, pkg.Dir, pkg.GoFiles)
		fmt.Fprintf(&imports, "\t%s %q\n", name, pkg.ImportPath)
		fmt.Fprintf(&tables, "\t\tasgo.Linked{\n\t\t\tSubject: %#v,\n\t\t\tFuncs: map[string]any{\n", subjects[at])
		for _, f := range append(functions, subjects[at].Instances...) {
			fmt.Fprintf(&tables, "\t\t\t\t%q: %s.%s,\n", f, name, f)
		}
		tables.WriteString("\t\t\t},\n\t\t\tTypes: map[string]reflect.Type{\n")
		for _, typ := range types {
			fmt.Fprintf(&tables, "\t\t\t\t%[1]q: reflect.TypeFor[%[2]s.%[1]s](),\n", typ, name)
		}
		tables.WriteString("\t\t\t},\n")
		if driver := subjects[at].Driver; driver != "" {
			p.writeDriver(t, driver)
			fmt.Fprintf(&tables, "\t\t\tDrive: %s,\n", driver)
		}
		tables.WriteString("\t\t},\n")
	}
	return "package main\n\nimport (\n\t\"reflect\"\n\n\t\"github.com/loadgo/load/loadtest/asgo\"\n" + imports.String() + ")\n\nvar _ reflect.Type\n\nfunc main() {\n\tasgo.Main(\n" + tables.String() + "\t)\n}\n"
}

//go:embed testdata/drivers/*.go
var drivers embed.FS

// writeDriver writes the file of a driver: driveVersion is in version.go.
func (p *Program) writeDriver(t testing.TB, driver string) {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(driver, "drive")) + ".go"
	source, err := drivers.ReadFile("testdata/drivers/" + name)
	require.NoError(t, err)
	write(t, filepath.Join(p.dir, name), string(source))
}

// exported lists the exported functions and struct types of a package that have no type parameters.
func exported(t testing.TB, dir string, files []string) (functions, types []string) {
	t.Helper()
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() && d.Type.TypeParams == nil {
					functions = append(functions, d.Name.Name)
				}
			case *ast.GenDecl:
				types = append(types, exportedStructs(d)...)
			}
		}
	}
	return functions, types
}

func exportedStructs(d *ast.GenDecl) []string {
	var types []string
	for _, spec := range d.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if !ok || !s.Name.IsExported() || s.TypeParams != nil {
			continue
		}
		if _, ok := s.Type.(*ast.StructType); ok {
			types = append(types, s.Name.Name)
		}
	}
	return types
}
