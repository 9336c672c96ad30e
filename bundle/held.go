package bundle

import (
	"slices"
	"strings"

	"github.com/loadgo/load/internal/quantity"
)

// Held is a module that a bundle holds.
type Held struct {
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	Kind    string   `json:"kind"`
	Engine  string   `json:"engine"`
	System  string   `json:"system"` // as in linux/amd64; "wasip1/wasm" is every one without its own
	Size    int64    `json:"size"`   // of what was compiled, in bytes
	Asks    []string `json:"asks,omitempty"`
}

func (h Held) String() string {
	words := []string{h.System, h.Name, h.Version, h.Engine, quantity.About(h.Size)}
	if len(h.Asks) > 0 {
		words = append(words, "asks for "+strings.Join(h.Asks, ", "))
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}

// Held lists what a bundle holds for each system, sorted by system and name.
func (l *Layout) Held() []Held {
	all := []Held{}
	for i, modules := range l.modules {
		for _, m := range modules {
			h := Held{
				Name: m.Asked, Version: m.Spec.Version, Kind: string(m.Spec.Kind), Engine: m.Engine, System: l.tops[i].Platform.String(), Asks: m.Asks,
			}
			for _, f := range m.Files {
				h.Size += f.Size
			}
			all = append(all, h)
		}
	}
	return all
}

// Materials returns the bill of materials, a document of CycloneDX in JSON, which read brings; nil
// where the bundle has none.
func (l *Layout) Materials(read func(Blob) ([]byte, error)) ([]byte, error) {
	for _, c := range l.contents {
		if b, ok := c.materials(); ok {
			data, err := read(b)
			if err != nil {
				return nil, err
			}
			return data, verify("", b.Digest, data)
		}
	}
	return nil, nil
}
