package toolchain

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"

	"github.com/loadgo/load/internal/regular"
)

// settings holds what the go command's configuration files say, read at the first use.
type settings struct {
	once   sync.Once
	values map[string]string
}

// Env returns a setting of the go command as "go env" would: the environment's value if that is not
// empty, else that of the user's file ("go env -w" writes it, GOENV names it), else that of
// $GOROOT/go.env, else "". Files that cannot be read count as empty, as they do for the go command.
// The files are read once for a Toolchain that was found; a zero Toolchain reads the user's file at
// every call.
func (t Toolchain) Env(key string) string {
	if v := os.Getenv(key); v != "" {
		return v
	}
	if t.settings == nil {
		return readSettings(t.Root)[key]
	}
	t.settings.once.Do(func() { t.settings.values = readSettings(t.Root) })
	return t.settings.values[key]
}

// ModCache returns the user's own module cache, GOMODCACHE or pkg/mod in the first directory of
// GOPATH, or "" where it is not known.
func (t Toolchain) ModCache() string {
	if dir := t.Env("GOMODCACHE"); dir != "" {
		return dir
	}
	if list := filepath.SplitList(t.Env("GOPATH")); len(list) > 0 && list[0] != "" {
		return filepath.Join(list[0], "pkg", "mod")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "go", "pkg", "mod")
}

func readSettings(root string) map[string]string {
	values := make(map[string]string)
	if root != "" {
		addSettings(values, filepath.Join(root, "go.env"))
	}
	if file := UserFile(); file != "" {
		addSettings(values, file)
	}
	return values
}

// UserFile returns the file that "go env -w" writes, or "" where it is switched off.
func UserFile() string {
	switch file := os.Getenv("GOENV"); file {
	case "off":
		return ""
	case "":
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		return filepath.Join(dir, "go", "env")
	default:
		return file
	}
}

// addSettings sets what a file of KEY=VALUE lines holds. Other lines are comments.
func addSettings(values map[string]string, file string) {
	data, err := regular.Read(file, 1<<20)
	if err != nil {
		return
	}
	for line := range bytes.Lines(data) {
		key, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte("="))
		if ok && len(key) > 0 && 'A' <= key[0] && key[0] <= 'Z' {
			values[string(key)] = string(value)
		}
	}
}
