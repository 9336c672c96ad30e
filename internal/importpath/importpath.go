// Package importpath tells which paths name one package for the go command, wherever it is asked.
package importpath

import (
	"fmt"
	"strings"

	"golang.org/x/mod/module"
)

// Check refuses what is no import path, and what [Single] refuses.
func Check(path string) error {
	if err := module.CheckImportPath(path); err != nil { // it takes "../x" for a directory
		return err
	}
	return Single(path)
}

// Single refuses a path that the go command takes for a pattern: it would compile all packages that
// match, such as all of Go's own commands for "cmd".
func Single(path string) error {
	switch path {
	case "all", "cmd", "std", "tool", "work":
		return fmt.Errorf("malformed import path %q: the go command takes it for several packages", path)
	}
	if strings.Contains(path, "...") {
		return fmt.Errorf("malformed import path %q: it holds \"...\", by which the go command takes it for several packages", path)
	}
	return nil
}
