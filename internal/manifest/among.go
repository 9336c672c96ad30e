package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// Among returns the one manifest among files of a folder that are called as one, or "". Who has
// many is told so by reason. A file without a list "wasm", as a compiler's settings are, is none;
// one that cannot be read and speaks of it is, so that what it asks for is not passed over.
func Among(fsys fs.FS, files []string) (name, reason string) {
	for _, file := range files {
		left := int64(maxText)
		text, err := readFile(fsys, file, &left)
		if err != nil || !claims(file, text) {
			continue
		}
		if name != "" {
			return "", fmt.Sprintf("holds two manifests, %s and %s: name one of them", name, file)
		}
		name = file
	}
	return name, ""
}

// claims reports whether a text is a manifest, or tries to be one.
func claims(name string, text []byte) bool {
	var list bool
	var err error
	if strings.HasSuffix(name, ".toml") {
		var f struct {
			Wasm any `toml:"wasm"`
		}
		if err = checkTOML(string(text)); err == nil {
			_, err = toml.Decode(string(text), &f)
		}
		list = reflect.ValueOf(f.Wasm).Kind() == reflect.Slice
	} else {
		var f struct {
			Wasm json.RawMessage `json:"wasm"` // values would take many times the text's memory
		}
		err = json.Unmarshal(text, &f)
		list = bytes.HasPrefix(f.Wasm, []byte("["))
	}
	if err != nil {
		return bytes.Contains(text, []byte("wasm"))
	}
	return list
}
