package bundle

import (
	"bytes"
	"io"
	"maps"
)

// For returns a bundle as it would be made on another system.
func For(data []byte, os, architecture string) []byte {
	f, err := FileOf(data)
	if err != nil {
		panic(err)
	}
	return written(newLayout(f.contents[0].lock, nil, table{Platform: platform{OS: os, Architecture: architecture}, Modules: f.modules[0]}), f.archive)
}

// Join returns one bundle of two that hold the same files.
func Join(one, other []byte) []byte {
	l, err := FileOf(one)
	if err != nil {
		panic(err)
	}
	second, err := FileOf(other)
	if err != nil {
		panic(err)
	}
	l.tops, l.contents, l.modules = append(l.tops, second.tops...), append(l.contents, second.contents...), append(l.modules, second.modules...)
	maps.Copy(l.documents, second.documents)
	l.Index = encode(index{SchemaVersion: 2, MediaType: indexType, Manifests: l.tops})
	return written(l.Layout, l.archive)
}

func written(l *Layout, a *archive) []byte {
	var b bytes.Buffer
	err := l.Write(&b, func(w io.Writer, of Blob) error {
		data, err := a.blob(of)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}
