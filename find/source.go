package find

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"time"
)

// Kind is the sort of source a module is made from; engines accept sources by it.
type Kind string

const (
	// KindGo is a Go package in source form.
	KindGo Kind = "go"
	// KindBuiltin is a module of host values, see [load.Loader.Register].
	KindBuiltin Kind = "built-in"
	// KindStarlark is a Starlark file, or a folder with a file init.star.
	KindStarlark Kind = "starlark"
	// KindWasm is a compiled WebAssembly file.
	KindWasm Kind = "wasm"
)

// Spec is a finder's or an installer's answer: which module, which version, and where its source
// is. It is complete: an engine needs nothing else to compile and open the module. A Spec is not
// changed after it was returned.
type Spec struct {
	Name    string    // canonical name: the import path, or the absolute directory
	Module  string    // path of the Go module that holds the package; "" for the standard library and loose directories
	Version string    // exact version; the Go release for the standard library; "" for a directory
	Why     string    // why this version: "the latest release", "required by the query v1.2", …
	Origin  string    // where it was found: "store", "directory", "standard library", "goproxy"
	Time    time.Time // when the version was made, where known
	Source  Source
	Engine  string // the engine that was asked for, "" for the loader's choice

	// BuildList holds the modules that provide packages of the import graph for the build target,
	// sorted by path, with the sum each was verified against.
	BuildList []ModuleVersion

	// Parts holds what else is read for the build: the packages and files that lie in place, in the
	// module's own directory and in those that replace other modules; the names of modules that
	// others of the build list replace; and those of all packages that are imported, but for what
	// standard packages import.
	Parts []Part

	// Published holds when the modules of BuildList were published, in their order, the zero time
	// where that is unknown. Only what was prepared elsewhere has it; else installers know.
	Published []time.Time

	// Asks is what the module asks to be granted, as "network": what it was granted where it was
	// prepared. Policies alone grant anything.
	Asks []string

	// Deprecated is the module's deprecation message, "" if there is none.
	Deprecated string
	// Retracted says why the module's authors retracted this version, "" where they did not.
	Retracted string
}

// ModuleVersion is one module of a build list.
type ModuleVersion struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // "h1:…" of the module's zip
}

// Part is something that a build reads and its build list does not hold.
type Part struct {
	Name  string   // import path of the package or the module; "" where the place is that of the source itself
	Place string   // directory or file, absolute and without links; "" where only the name is decided about
	Files []string // what is read of the directory, by the same paths
}

// NamedParts are the parts that only have names.
func NamedParts(names []string) []Part {
	parts := make([]Part, len(names))
	for i, name := range names {
		parts[i].Name = name
	}
	return parts
}

// Source is what an engine compiles.
type Source struct {
	Kind Kind
	FS   fs.FS  // the files of the module's own package or tree
	Dir  string // the same on disk, without links, or "" where it is not on disk

	// Links are the links over which the name led to Dir, by their own paths.
	Links []string

	// File is the name in FS of the one file that is compiled, "" where that is not a single file.
	// Hash is then what [HashFile] returns for it.
	File string

	// Hash identifies everything that compiling reads, "h1:…" or another scheme's prefix; equal
	// hashes mean that an artifact can be used again.
	Hash string

	// Prepared says that only what was compiled of the source is here, not the source. By is then
	// the installer that brought it where it was compiled, "" where it lay in place.
	Prepared bool
	By       string

	Go   *GoSource   // set for KindGo
	Host *HostSource // set for KindBuiltin
}

// HostSource is what a built-in module is made of.
type HostSource struct {
	// Create makes the module's value, see [load.Loader.Register]. It is called at each start of
	// the module.
	Create func(ctx context.Context) (any, error)
}

// HashFile returns the hash of a source that is one file: of the name by which messages call it and
// of its contents.
func HashFile(name string, data []byte) string {
	h := sha256.New()
	io.WriteString(h, name)
	h.Write([]byte{0})
	h.Write(data)
	return "file:" + hex.EncodeToString(h.Sum(nil))
}

// GoSource is what a build of a Go package needs besides its files. GoMod and GoSum are the files
// of a main module from which the package can be imported: an engine adds its own files beside
// them.
type GoSource struct {
	// ImportPath is the path the package is imported by, or "" for a loose directory without
	// go.mod: its files are then copied into the main module.
	ImportPath string
	// GoMod holds the go, require and replace lines, without a module line.
	GoMod []byte
	// GoSum holds the sums of everything that GoMod leads to.
	GoSum []byte
	// ModCache is the directory to use as GOMODCACHE; the build needs nothing that is not in it.
	ModCache string
	// Local are the modules in directories that GoMod leads to, or the loose directory itself.
	// Their files are copied into the main module, so that what is compiled is what was decided
	// about and summed.
	Local []LocalModule
	// Along are the packages that are built into the same module; GoMod leads to them too.
	Along []Companion
	// Instances are the instantiations of generic symbols to build; the loader sets them.
	Instances []string
	// Expression is Go code to build into the module, "" for none; the loader sets it.
	Expression string
}

// ExpressionSymbol is the function that an expression is built into, see [load.Expression].
const ExpressionSymbol = "expression.Value"

// LocalModule is what a build reads of a directory that is used as it is.
type LocalModule struct {
	At    string // the directory in the main module where GoMod expects it; "" for a loose directory
	Dir   string // absolute
	GoMod []byte // its go.mod file, nil for a loose directory
	Files []LocalFile
}

// LocalFile is a file of a [LocalModule].
type LocalFile struct {
	Name string // below the directory, with slashes
	Sum  string // SHA-256 in hexadecimal digits
}
