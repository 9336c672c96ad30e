package stubgen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// Compare lists how the API of a generated file differs from that of another, as lines of a diff of
// declarations: "-" is what was, "+" what is. A nil file has no API.
func Compare(old, fresh []byte) []string {
	before, after := declarations(old), declarations(fresh)
	var lines []string
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] == after[name] {
			continue
		}
		for sign, text := range map[string]string{"-": before[name], "+": after[name]} {
			if text != "" {
				lines = append(lines, sign+" "+strings.ReplaceAll(text, "\n", "\n"+sign+" "))
			}
		}
		if n := len(lines); n > 1 && before[name] != "" && after[name] != "" && lines[n-1][0] == '-' {
			lines[n-1], lines[n-2] = lines[n-2], lines[n-1]
		}
	}
	return lines
}

// declarations returns what a generated file declares, by name, without bodies and comments; and
// the line that says what it was generated from, by the empty name.
func declarations(file []byte) map[string]string {
	found := map[string]string{}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", file, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return found
	}
	for line := range strings.SplitSeq(parsed.Doc.Text(), "\n") {
		if strings.HasPrefix(line, "Generated from ") {
			found[""] = line
		}
	}
	parsed.Comments = nil
	for _, decl := range parsed.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiverName(d.Recv.List[0].Type) + "." + name
			}
			d.Body, d.Doc = nil, nil
			declare(found, fset, name, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				declareSpec(found, fset, d.Tok, spec)
			}
		}
	}
	return found
}

func declareSpec(found map[string]string, fset *token.FileSet, tok token.Token, spec ast.Spec) {
	name := ""
	switch s := spec.(type) {
	case *ast.TypeSpec:
		name, s.Doc = s.Name.Name, nil
		ast.Inspect(s, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok {
				f.Doc, f.Comment = nil, nil
			}
			return true
		})
	case *ast.ValueSpec:
		name, s.Doc = s.Names[0].Name, nil
	default:
		return
	}
	declare(found, fset, name, &ast.GenDecl{Tok: tok, Specs: []ast.Spec{spec}})
}

// declare notes a declaration of something exported.
func declare(found map[string]string, fset *token.FileSet, name string, node any) {
	for part := range strings.SplitSeq(name, ".") {
		if !token.IsExported(part) {
			return
		}
	}
	var b bytes.Buffer
	if err := format.Node(&b, fset, node); err != nil {
		fmt.Fprintf(&b, "%s: %v", name, err)
	}
	found[name] = b.String()
}
