package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/store"
)

// Kind is the sort of source a module is made from; engines accept sources by it.
type Kind string

const (
	// KindGo is a Go package in source form.
	KindGo Kind = "go"
	// KindBuiltin is a module of host values, see [Register].
	KindBuiltin Kind = "built-in"
	// KindStarlark is a Starlark file, or a folder with a file init.star.
	KindStarlark Kind = "starlark"
	// KindWasm is a compiled WebAssembly file.
	KindWasm Kind = "wasm"
)

// Spec is a finder's or an installer's answer: which module, which version, and where its source is.
// It is complete: an engine needs nothing else to compile and open the module. A Spec is not changed
// after it was returned.
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
	// module's own directory and in those that replace other modules, and the names of modules that
	// others of the build list replace.
	Parts []Part

	// Deprecated is the module's deprecation message, "" where there is none.
	Deprecated string
	// Retracted says why the module's authors retracted this version, "" where they did not.
	Retracted string
}

// identity names the module, its version and what it is built with: two specs of one identity are one module.
func identity(s *Spec) string { return s.Name + phrase.Version(s.Version) + specBuiltWith(s) }

// ModuleVersion is one module of a build list.
type ModuleVersion struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"` // "h1:…" of the module's zip
}

// Part is something that a build reads and its build list does not hold.
type Part struct {
	Name  string   // import path of the package or the module
	Place string   // directory or file, absolute and without links; "" for a module that another one replaces
	Files []string // what is read of the directory, by the same paths
}

// Source is what an engine compiles.
type Source struct {
	Kind Kind
	FS   fs.FS  // the files of the module's own package or tree
	Dir  string // the same on disk, or "" where it is not on disk

	// File is the name in FS of the one file that is compiled, "" where that is not a single file.
	// Hash is then what [HashFile] returns for it.
	File string

	// Hash identifies everything that compiling reads, "h1:…" or another scheme's prefix; equal hashes
	// mean that an artifact can be used again.
	Hash string

	Go   *GoSource   // set for KindGo
	Host *HostSource // set for KindBuiltin
}

// HostSource is what a built-in module is made of.
type HostSource struct {
	// Create makes the module's value, see [Register]. It is called at each start of the module.
	Create func(ctx context.Context) (any, error)
}

// HashFile returns the hash of a source that is one file: of the name by which messages call it and of its
// contents.
func HashFile(name string, data []byte) string {
	h := sha256.New()
	io.WriteString(h, name)
	h.Write([]byte{0})
	h.Write(data)
	return "file:" + hex.EncodeToString(h.Sum(nil))
}

// GoSource is what a build of a Go package needs besides its files. GoMod and GoSum are the files of a
// main module from which the package can be imported: an engine adds its own files beside them.
type GoSource struct {
	// ImportPath is the path the package is imported by, or "" for a loose directory without go.mod:
	// its files are then copied into the main module.
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
}

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

// Finder looks for a name in one place. It runs nothing and writes nothing.
//
// An answer of [ErrNotFound] (or an error that wraps it) lets the next finder be asked; its text after
// "not found: " says why, for the reader of an error or of [Loader.Explain]. Any other error stops the
// search: a broken or forbidden module is never shadowed by a later one. Finders are safe for
// concurrent use.
//
// Where the name has companions, a Go source of the answer lists them. An answer without a hash is completed by
// the installers, which can bring those that are not here yet.
type Finder interface {
	Find(ctx context.Context, name Name) (*Spec, error)
}

// Lister is an optional ability of a finder: it lists the names it knows, for the spelling hints of an
// error. It is asked only when a name was not found; errors end the list.
type Lister interface {
	Names(ctx context.Context) iter.Seq[string]
}

// Path is the ordered list of finders, as Python's sys.path; it is a finder itself. The first answer wins.
type Path []Finder

// Find asks each finder in order. Where none knows the name, the error is a [*NotFoundError] that
// tells every finder's answer.
func (p Path) Find(ctx context.Context, name Name) (*Spec, error) {
	spec, tried, err := p.Ask(ctx, name)
	if err != nil {
		return nil, err
	}
	if spec == nil {
		return nil, &NotFoundError{Name: name.String(), Tried: tried}
	}
	return spec, nil
}

// Ask returns the answer together with everyone who was asked; a nil spec and a nil error mean not found.
func (p Path) Ask(ctx context.Context, name Name) (*Spec, []Tried, error) {
	var tried []Tried
	for _, finder := range p {
		if err := ctx.Err(); err != nil {
			return nil, tried, context.Cause(ctx)
		}
		who := Describe(finder)
		spec, err := finder.Find(ctx, name)
		switch {
		case err == nil:
			return spec, append(tried, Tried{Who: who, Found: true, Answer: spec.Name + phrase.Version(spec.Version)}), nil
		case errors.Is(err, ErrNotFound):
			answer, _ := strings.CutPrefix(err.Error(), ErrNotFound.Error()+": ")
			tried = append(tried, Tried{Who: who, Answer: answer})
		default:
			return nil, append(tried, Tried{Who: who, Answer: err.Error()}), err
		}
	}
	return nil, tried, nil
}

// Describe names a finder, an installer or an engine for messages: its String method where it has one.
func Describe(v any) string {
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*")
}

// Tried is one place that was asked for a name, and what it answered.
type Tried struct {
	Who    string `json:"who"`
	Found  bool   `json:"found"`
	Answer string `json:"answer"`
}

// obtain is the way from a name to a complete spec: the path's answer, or an installer's, at the version that
// the lock file has for it.
func (l *Loader) obtain(ctx context.Context, name Name, stages *Stages) (*Spec, error) {
	for {
		p, err := l.pin(name)
		if err != nil {
			return nil, err
		}
		spec, err := l.seek(ctx, name, p, stages)
		if err != nil {
			return nil, err
		}
		if err := l.permitSpec(name, p, spec); err != nil {
			return nil, err
		}
		// Where another process locked another version meanwhile, that is the one to take.
		if kept, err := l.keep(ctx, name, p, spec); kept || err != nil {
			return spec, err
		}
	}
}

func (l *Loader) seek(ctx context.Context, name Name, p pin, stages *Stages) (*Spec, error) {
	start := time.Now()
	ctx = l.withPin(ctx, p)
	asked := p.name(name)
	spec, tried, err := l.config.Path.Ask(ctx, asked)
	if err != nil {
		return nil, err
	}
	stages.Find = time.Since(start)
	if spec != nil && !l.use(spec) {
		tried = []Tried{{Who: spec.Origin, Answer: "it was removed while it was looked at"}}
		spec = nil
	}
	if spec == nil {
		spec, err = l.install(ctx, name, p, tried)
	} else {
		Emit(ctx, Found{Name: name.String(), Canonical: spec.Name, Version: spec.Version, Origin: spec.Origin, Took: time.Since(start)})
		spec, err = l.complete(ctx, spec, p)
	}
	stages.Install = time.Since(start) - stages.Find
	if err != nil {
		return nil, err
	}
	if err := agrees(spec, asked); err != nil {
		return nil, err
	}
	if spec, err = withName(spec, asked); err != nil {
		return nil, err
	}
	return l.asCompiledBefore(spec), nil
}

// use keeps the modules of a spec that was found in the store from being removed by another process, and tells whether
// they are still there.
func (l *Loader) use(spec *Spec) bool {
	s := l.config.Store
	if s == nil || spec.Source.Go == nil || spec.Source.Go.ModCache != s.ModDir() {
		return true
	}
	list := make([]store.RecordModule, len(spec.BuildList))
	for i, m := range spec.BuildList {
		list[i] = store.RecordModule(m)
	}
	s.UseModules(list)
	return !slices.ContainsFunc(list, func(m store.RecordModule) bool { return !s.HasModule(m.Path, m.Version) })
}

// notFound tells everyone's answer, what may have been meant and what to do.
func (l *Loader) notFound(name Name, tried []Tried) *NotFoundError {
	known := func(yield func(string) bool) {
		for _, finder := range l.config.Path {
			if lister, ok := finder.(Lister); ok {
				for known := range lister.Names(context.Background()) {
					if !yield(known) {
						return
					}
				}
			}
		}
		for _, m := range l.cache.all() {
			if !yield(m.Name()) {
				return
			}
		}
	}
	return &NotFoundError{
		Name:     name.String(),
		Tried:    tried,
		NearMiss: spelling.Near(name.Target, known, 3),
		Fix:      l.remedy(name),
	}
}

// remedy says what can be done about a name that was not found.
func (l *Loader) remedy(name Name) string {
	first, _, _ := strings.Cut(name.Target, "/")
	switch claimed := l.claimant(name) >= 0; {
	case claimed && l.config.NoInstall:
		return "run `load get " + name.String() + "`, or set Config.NoInstall to false"
	case claimed:
		return "check the spelling of the name and of its version"
	case name.Form == FormDir:
		return "check that the path exists and holds Go or Starlark files"
	case name.Form == FormPath && !strings.Contains(first, ".") && len(l.config.Installers) > 0:
		return "an install needs the full path, such as github.com/user/" + path.Base(name.Target)
	}
	return "set Config.Installers to one that installs such names"
}
