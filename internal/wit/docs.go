package wit

import (
	"bytes"
	"encoding/json"
)

// DocsSection is the custom section in which the tools of WebAssembly's components write
// documentation.
const DocsSection = "package-docs"

// PackageDocs reads what that section says about functions, by their names: a byte with its
// version, then JSON. What it cannot read says nothing.
func PackageDocs(data []byte) map[string]string {
	type item struct {
		Docs  string                     `json:"docs"`
		Funcs map[string]json.RawMessage `json:"func_exports"`
	}
	var section struct {
		Worlds map[string]item `json:"worlds"`
	}
	docs := make(map[string]string)
	if len(data) > MaxText || json.Unmarshal(bytes.TrimLeft(data, "\x00\x01"), &section) != nil {
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
