package toolchain

import (
	_ "embed"
	"strings"
)

// Packages lists the packages of the standard library of the newest release that others can import,
// one a line, for a machine without a toolchain: what was compiled before can still be loaded
// there.
//
//go:generate sh -c "go list std | grep -v -e internal -e vendor -e unsafe -e builtin -e ^runtime/cgo > packages.txt"
//go:embed packages.txt
var Packages string

// Listed reports whether [Packages] has an import path.
func Listed(path string) bool { return strings.Contains("\n"+Packages, "\n"+path+"\n") }
