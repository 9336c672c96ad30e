package wasm

import (
	"go/doc"
	"strings"

	"github.com/loadgo/load/internal/wasmbin"
	"github.com/loadgo/load/internal/wit"
)

const docsFile = "docs.json"

// documentation is what a module says about its functions, by their names: in the text that says
// their types, or else in the section package-docs, which the tools of WebAssembly's components
// write. What is none of these says nothing.
func (b *binaryModule) documentation(types []byte) map[string]string {
	docs := wit.PackageDocs(b.custom(wit.DocsSection))
	if functions, err := wit.Parse(string(types)); err == nil {
		for _, f := range functions {
			docs[f.Name] = f.Doc
		}
	}
	found := make(map[string]string)
	for name, text := range docs {
		for _, exported := range []string{name, strings.ReplaceAll(name, "-", "_")} {
			if _, ok := b.function(exported); ok && text != "" {
				found[exported] = new(doc.Package).Synopsis(text)
			}
		}
	}
	return found
}

// custom is what the first custom section of a name holds, or nil.
func (b *binaryModule) custom(name string) []byte {
	for _, s := range b.sections {
		r := wasmbin.Reader{Data: b.data[:s.end], At: s.content}
		if s.id == sectionCustom && r.Name() == name && r.Err == nil {
			return r.Data[r.At:]
		}
	}
	return nil
}
