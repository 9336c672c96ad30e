// Package toolchain finds the Go toolchain that compiles modules and reads the go command's
// configuration, in the common case without starting a process.
package toolchain

import (
	"bytes"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/token"
)

// Toolchain is a Go toolchain on this machine.
type Toolchain struct {
	Root      string // GOROOT, with symbolic links resolved
	Version   string // as in "go1.26.8"
	GoCommand string // path of the go command within Root

	settings *settings // read once; nil in a Toolchain that Find did not make
}

// Language returns the Go language version that the toolchain compiles, as in "1.26", or "" where
// its Version is not that of a release.
func (t Toolchain) Language() string {
	return strings.TrimPrefix(version.Lang(t.Version), "go")
}

// Find looks for a toolchain: the go command in PATH, then GOROOT, then the place where Go is
// usually installed. If there is none, the error is a [*engine.ToolchainError], and the Toolchain
// has the version of the one that built the running program: what it compiled before is looked for
// by that.
func Find() (Toolchain, error) {
	return new(Finder).Find()
}

// Finder finds a toolchain and remembers what it found as long as the go command's file stays the
// same. The zero Finder is ready; it is safe for concurrent use.
type Finder struct {
	// Root is the GOROOT of the only toolchain to find; "" looks for one.
	Root string

	mu    sync.Mutex
	path  string // the go command that PATH named
	mtime time.Time
	found Toolchain
}

// FindAt returns the toolchain in a GOROOT, or what Find does for "".
func (f *Finder) FindAt(root string) (Toolchain, error) {
	if root == "" {
		return f.Find()
	}
	return (&Finder{Root: root}).Find()
}

// Find is [Find] with a memory.
func (f *Finder) Find() (Toolchain, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	command, mtime := candidate(f.Root)
	if command == "" {
		if f.Root != "" {
			return absent(), missing("no Go toolchain is in " + f.Root)
		}
		err := missing("no Go toolchain is in PATH, GOROOT or " + usualRoot())
		err.Absent = true
		return absent(), err
	}
	if command == f.path && mtime.Equal(f.mtime) {
		return f.found, nil
	}
	t, err := inspect(command)
	if err != nil {
		return absent(), err
	}
	f.path, f.mtime, f.found = command, mtime, t
	return t, nil
}

// absent stands for a toolchain that is not there. A machine that only runs modules needs none.
func absent() Toolchain { return Toolchain{Version: runtime.Version()} }

func missing(reason string) *engine.ToolchainError {
	return &engine.ToolchainError{Reason: reason, Fix: "install Go from https://go.dev/dl or put its bin directory in PATH"}
}

// candidate returns the go command of a GOROOT or, for "", the first one that exists, with its
// modification time.
func candidate(root string) (string, time.Time) {
	var places []string
	switch path, err := exec.LookPath("go"); {
	case root != "":
		places = append(places, goCommand(root))
	case err == nil:
		places = append(places, path)
		fallthrough
	default:
		if root := os.Getenv("GOROOT"); root != "" {
			places = append(places, goCommand(root))
		}
		places = append(places, goCommand(usualRoot()))
	}
	for _, path := range places {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, info.ModTime()
		}
	}
	return "", time.Time{}
}

func goCommand(root string) string {
	name := "go"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(root, "bin", name)
}

func usualRoot() string {
	if runtime.GOOS == "windows" {
		return `C:\Program Files\Go`
	}
	return "/usr/local/go"
}

// inspect makes a Toolchain of a go command: the one that lies in a GOROOT is known by the files
// around it; any other, a version manager's script, is asked.
func inspect(command string) (Toolchain, error) {
	resolved, err := filepath.EvalSymlinks(command)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return Toolchain{}, missing("the go command cannot be used: " + err.Error())
	}
	root := filepath.Dir(filepath.Dir(resolved))
	if v, err := rootVersion(root); err == nil {
		return Toolchain{Root: root, Version: v, GoCommand: resolved, settings: new(settings)}, nil
	}
	return ask(command)
}

// rootVersion reads the version of a GOROOT from its files.
func rootVersion(root string) (string, error) {
	data, err := regular.Read(filepath.Join(root, "VERSION"), 1<<20)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	v := strings.TrimSpace(line)
	if !strings.HasPrefix(v, "go") {
		return "", fmt.Errorf("%s is not a Go release", root)
	}
	if _, err := os.Stat(filepath.Join(root, "src")); err != nil {
		return "", err
	}
	return v, nil
}

// ask runs a go command that does not lie in a GOROOT.
func ask(command string) (Toolchain, error) {
	cmd := exec.Command(command, "env", "GOROOT", "GOVERSION")
	cmd.Env = append(token.Without(os.Environ()), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		reason := err.Error()
		if errors.As(err, &exit) && len(bytes.TrimSpace(exit.Stderr)) > 0 {
			reason = string(bytes.TrimSpace(exit.Stderr))
		}
		return Toolchain{}, missing(fmt.Sprintf("%s env: %s", command, reason))
	}
	root, v, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	root, v = filepath.Clean(strings.TrimSpace(root)), strings.TrimSpace(v)
	t := Toolchain{Root: root, Version: v, GoCommand: goCommand(root), settings: new(settings)}
	if _, err := os.Stat(t.GoCommand); errors.Is(err, fs.ErrNotExist) || v == "" {
		return Toolchain{}, missing(fmt.Sprintf("%s env names no toolchain", command))
	}
	return t, nil
}
