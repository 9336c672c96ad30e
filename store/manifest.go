package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// File is a file of an artifact.
type File struct {
	Name string // slash-separated, within the artifact
	Size int64
	// Digest is of what the file holds, where that is not in a store, in the form "sha256:…".
	Digest string
	sum    sum // where it is
}

// A manifest lists an artifact's files, sorted by name:
//
//	load artifact 1
//	key <key>
//	<sum> <size> <name>
//	…
//	sum <sum of the lines above>
//
// It is read strictly: what was not written by manifest is damaged.
const manifestHeader = "load artifact 1\n"

// maxManifest bounds what is read of a manifest: room for some thousand files.
const maxManifest = 1 << 20

func formatManifest(key string, files []File) []byte {
	var b bytes.Buffer
	b.WriteString(manifestHeader)
	fmt.Fprintf(&b, "key %s\n", key)
	for _, f := range files {
		fmt.Fprintf(&b, "%x %d %s\n", f.sum, f.Size, f.Name)
	}
	total := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "sum %x\n", total)
	return b.Bytes()
}

func parseManifest(key string, data []byte) ([]File, error) {
	const trailer = len("sum ") + 2*sha256.Size + len("\n")
	if len(data) < trailer {
		return nil, errors.New("the manifest is truncated")
	}
	body, last := data[:len(data)-trailer], string(data[len(data)-trailer:])
	if total := sha256.Sum256(body); last != "sum "+hex.EncodeToString(total[:])+"\n" {
		return nil, errors.New("the manifest does not have the sum that it states")
	}
	rest, ok := strings.CutPrefix(string(body), manifestHeader)
	if !ok {
		return nil, errors.New("the manifest is of another version")
	}
	if rest, ok = strings.CutPrefix(rest, "key "+key+"\n"); !ok {
		return nil, errors.New("the manifest is that of another artifact")
	}
	var files []File
	for line := range strings.Lines(rest) {
		f, ok := parseFile(line)
		if !ok || len(files) > 0 && files[len(files)-1].Name >= f.Name {
			return nil, fmt.Errorf("the manifest holds the line %q", line)
		}
		files = append(files, f)
	}
	return files, nil
}

func parseFile(line string) (f File, ok bool) {
	line, ok = strings.CutSuffix(line, "\n")
	digest, line, ok2 := strings.Cut(line, " ")
	size, name, ok3 := strings.Cut(line, " ")
	n, err := hex.Decode(f.sum[:], []byte(digest[:min(len(digest), 2*len(f.sum))]))
	if !ok || !ok2 || !ok3 || err != nil || n != len(f.sum) || len(digest) != 2*len(f.sum) {
		return f, false
	}
	f.Size, err = strconv.ParseInt(size, 10, 64)
	f.Name = name
	return f, err == nil && f.Size >= 0 && validName(name)
}

// validName accepts what a manifest can hold as the name of a file.
func validName(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\n\\:\x00")
}
