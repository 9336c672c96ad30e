package bundle

import (
	"bytes"
	"io"
	"maps"
)

// For returns a bundle as it would be made on another system.
func For(data []byte, os, architecture string) []byte {
	l, a, err := readArchive("", bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	c := l.contents[0]
	return written(newLayout(c.lock, nil, table{Platform: platform{OS: os, Architecture: architecture}, Modules: c.modules}), a)
}

// Join returns one bundle of two that hold the same files.
func Join(one, other []byte) []byte {
	l, a, err := readArchive("", bytes.NewReader(one), int64(len(one)))
	if err != nil {
		panic(err)
	}
	second, _, err := readArchive("", bytes.NewReader(other), int64(len(other)))
	if err != nil {
		panic(err)
	}
	l.tops, l.contents = append(l.tops, second.tops...), append(l.contents, second.contents...)
	maps.Copy(l.documents, second.documents)
	l.Index = encode(index{SchemaVersion: 2, MediaType: indexType, Manifests: l.tops})
	return written(l, a)
}

func written(l *Layout, a *archive) []byte {
	var b bytes.Buffer
	err := l.Write(&b, func(w io.Writer, of Blob) error {
		data, err := a.unverified(of)
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
