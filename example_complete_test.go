package load_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown are the exported entry points without an Example of their own: where each is shown, or why
// it is not.
var shown = map[string]string{
	"Bundle":           "for authors of bundles; package bundle has the one there is",
	"Check":            "the function literal in ExampleLoader_Watch",
	"Derived.Get":      "in ExampleDerive",
	"Locks":            "in ExampleLoader_Locks",
	"Module.Adopt":     "for engines",
	"Module.BindAs":    "for package stub; ExampleFunc shows the same",
	"Module.Engine":    "in ExampleModule",
	"Module.Grants":    "in ExampleModule",
	"Module.Isolation": "in ExampleModule",
	"Module.Limits":    "in ExampleModule",
	"Module.Name":      "in ExampleModule",
	"Module.Spec":      "in ExampleModule",
	"Module.Version":   "in ExampleModule",
	"Notifier":         "for authors of notifiers; package notify has the one there is",
	"Prepared":         "what ExampleLoader_Prepare returns",
	"Ref.Get":          "in ExampleLazy",
	"ReloadOption":     "a LoadOption or a Check",
}

// TestExamples: each exported function, type and method of the package has an Example, or a reason
// for having none; an Example that is said to show it does.
func TestExamples(t *testing.T) {
	t.Parallel()
	wanted := make(map[string]bool)
	examples := make(map[string]string) // their code by their names
	returned := make(map[string]bool)   // types that functions return, which are their examples
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		require.NoError(t, err)
		test := strings.HasSuffix(path, "_test.go")
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			switch {
			case test && isFunc && strings.HasPrefix(f.Name.Name, "Example"):
				examples[f.Name.Name] = string(text[f.Pos()-1 : f.End()-1])
			case test:
			case isFunc && f.Name.IsExported():
				if receiver := receiverOf(f); receiver == "" {
					wanted[f.Name.Name] = true
					returned[resultOf(f)] = true
				} else if ast.IsExported(receiver) && !common[f.Name.Name] {
					wanted[receiver+"."+f.Name.Name] = true
				}
			case !isFunc:
				for _, s := range d.(*ast.GenDecl).Specs {
					if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() && !s.Assign.IsValid() {
						wanted[s.Name.Name] = true
					}
				}
			}
		}
	}
	require.Greater(t, len(wanted), 50)
	for name := range wanted {
		_, own := examples["Example"+strings.ReplaceAll(name, ".", "_")]
		_, excused := shown[name]
		assert.NotEqual(t, own || returned[name], excused, "%s: an Example, or a reason in this test, and not both", name)
	}
	for name, reason := range shown {
		assert.True(t, wanted[name], "%s does not exist", name)
		if example, ok := strings.CutPrefix(reason, "in "); ok {
			_, last, _ := strings.Cut("."+name, ".")
			if i := strings.LastIndex(last, "."); i >= 0 {
				last = last[i+1:]
			}
			assert.Contains(t, examples[example], last, "%s does not show %s", example, name)
		}
	}
}

// common are methods of interfaces of the standard library, which need no example.
var common = map[string]bool{"Error": true, "Unwrap": true, "String": true, "Is": true}

// receiverOf returns the name of a method's type, "" for a function.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	return typeName(f.Recv.List[0].Type)
}

// resultOf returns the name of the type of a function's first result.
func resultOf(f *ast.FuncDecl) string {
	if f.Type.Results == nil {
		return ""
	}
	return typeName(f.Type.Results.List[0].Type)
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestPackageComments: each exported package begins with what it is and with code to start from.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	packages := 0
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		if !d.IsDir() {
			return nil
		}
		switch d.Name() {
		case "internal", "testdata", "cmd", "examples", "benchmarks", "contrib", "docs":
			return filepath.SkipDir
		}
		if d.Name() != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		require.NoError(t, err)
		var comment string
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
				require.NoError(t, err)
				comment += parsed.Doc.Text()
			}
		}
		if comment != "" {
			packages++
			assert.True(t, strings.HasPrefix(comment, "Package "), path)
			assert.Contains(t, comment, "\n\t", "%s: there is nothing to start from", path)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, packages, 30)
}
