// Package asked finds out which forms the code of a module asks values for: their text, their
// binary form, their JSON, and those of databases and of package gob.
package asked

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// uses are the packages that ask, by what a package mentions of them that has them ask, or that
// asks itself.
var uses = map[string]map[string]api.Forms{
	"encoding": {
		"TextMarshaler": api.TextForm, "TextUnmarshaler": api.TextForm, "TextAppender": api.TextForm,
		"BinaryMarshaler": api.BinaryForm, "BinaryUnmarshaler": api.BinaryForm, "BinaryAppender": api.BinaryForm,
	},
	"encoding/json": all(api.JSONForm|api.TextForm, "Marshal", "MarshalIndent", "NewEncoder", "Unmarshal", "NewDecoder", "Marshaler", "Unmarshaler"),
	"encoding/xml":  all(api.TextForm, "Marshal", "MarshalIndent", "NewEncoder", "Unmarshal", "NewDecoder"),
	"encoding/gob":  all(api.BinaryForm|api.TextForm|api.GobForm, "NewEncoder", "NewDecoder", "GobEncoder", "GobDecoder"),
	"log/slog":      all(api.JSONForm|api.TextForm, "NewJSONHandler", "NewTextHandler"),

	"database/sql":        all(api.ScannerForm, "Scanner"),
	"database/sql/driver": all(api.ValuerForm, "Valuer"),
}

func all(forms api.Forms, names ...string) map[string]api.Forms {
	m := map[string]api.Forms{}
	for _, name := range names {
		m[name] = forms
	}
	return m
}

// methods are those of interfaces by which a package asks that has its own.
var methods = map[string]api.Forms{
	"MarshalText": api.TextForm, "UnmarshalText": api.TextForm, "MarshalBinary": api.BinaryForm, "UnmarshalBinary": api.BinaryForm,
	"MarshalJSON": api.JSONForm, "UnmarshalJSON": api.JSONForm, "GobEncode": api.GobForm, "GobDecode": api.GobForm,
}

// Forms returns what is asked for by the packages that a module is made of, at these paths, and by
// what they need that is not of the standard library.
func Forms(listed map[string]*workspace.Package, paths []string) (forms api.Forms) {
	for path, p := range listed {
		own := slices.Contains(paths, path)
		if p.Standard && !own {
			continue
		}
		if own || slices.ContainsFunc(p.Imports, func(i string) bool { return uses[i] != nil }) {
			for _, name := range p.GoFiles {
				forms |= inFile(filepath.Join(p.Dir, name))
			}
		}
	}
	return forms
}

// Known lists the packages of types that keep their names in values of type any, as far as a module
// contains them.
func Known(listed map[string]*workspace.Package) (paths []string) {
	names := slices.AppendSeq(slices.Collect(maps.Values(api.TextTypes)), maps.Values(api.StandardTypes))
	for _, name := range slices.AppendSeq(names, maps.Keys(api.StandardNames)) {
		if path := name[:strings.LastIndexByte(name, '.')]; listed[path] != nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// inFile returns what one file asks for. That a type of its own has a form is no question.
func inFile(name string) (forms api.Forms) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0
	}
	imported := map[string]map[string]api.Forms{}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		as := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			as = i.Name.Name
		}
		if uses[path] != nil {
			imported[as] = uses[path]
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			return n.Names[0].Name != "_"
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok {
				forms |= imported[pkg.Name][n.Sel.Name]
			}
		case *ast.InterfaceType:
			for _, m := range n.Methods.List {
				for _, method := range m.Names {
					forms |= methods[method.Name]
				}
			}
		}
		return true
	})
	return forms
}
