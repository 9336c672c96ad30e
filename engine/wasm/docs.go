package wasm

import (
	"bytes"
	"encoding/json"
	"go/doc"
	"strings"

	"github.com/loadgo/load/internal/wasmbin"
	"github.com/loadgo/load/internal/wit"
)

const (
	docsFile    = "docs.json"
	docsSection = "package-docs"
)

// documentation is what a module says about its functions, by their names: in the text that says
// their types, or else in the section package-docs, which the tools of WebAssembly's components
// write. What is none of these says nothing.
func (b *binaryModule) documentation(types []byte) map[string]string {
	docs := sectionDocs(b.custom(docsSection))
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

// sectionDocs reads the section: a byte with its version, then JSON.
func sectionDocs(data []byte) map[string]string {
	type item struct {
		Docs  string                     `json:"docs"`
		Funcs map[string]json.RawMessage `json:"func_exports"`
	}
	var section struct {
		Worlds map[string]item `json:"worlds"`
	}
	docs := make(map[string]string)
	if len(data) > wit.MaxText || json.Unmarshal(bytes.TrimLeft(data, "\x00\x01"), &section) != nil {
		return docs
	}
	for _, world := range section.Worlds {
		for name, text := range world.Funcs {
			var of item
			if json.Unmarshal(text, &of) == nil {
				docs[name] = of.Docs
			} else if json.Unmarshal(text, &of.Docs) == nil { // as version 0 has it
				docs[name] = of.Docs
			}
		}
	}
	return docs
}
