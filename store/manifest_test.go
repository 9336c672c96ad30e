package store

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func FuzzParseManifest(f *testing.F) {
	key := Key("a")
	f.Add(formatManifest(key, nil))
	f.Add(formatManifest(key, []File{{Name: "a/b", Size: 1}, {Name: "c", Size: 1 << 40}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseManifest(key, data)
		assert.Falsef(t, err == nil && !bytes.Equal(formatManifest(key, files), data), "%q is read, and would be written as %q", data, formatManifest(key, files))
	})
}

// FuzzParseFile reaches the lines, which the sum guards in FuzzParseManifest.
func FuzzParseFile(f *testing.F) {
	const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	for _, line := range []string{"", "\n", zeros + " 1 a\n", zeros + " -1 a\n", zeros + " 1 ../a\n", zeros[1:] + " 1 a\n", zeros + "0 1 a\n"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		file, ok := parseFile(line)
		assert.Falsef(t, ok && (file.Size < 0 || !validName(file.Name)), "%q is read as %+v", line, file)
	})
}
