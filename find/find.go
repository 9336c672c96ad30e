package find

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/policy"
)

// Registrar is an optional ability of a finder: it keeps built-in modules, and finds them.
type Registrar interface {
	// Register keeps a module under a name that is an import path. The error is a [*NameError] for
	// a name that is taken.
	Register(name Name, source *HostSource) error
}

// Invalidator is an optional ability of a finder or an installer: Invalidate drops what it
// remembers of the places where it looks.
type Invalidator interface {
	Invalidate()
}

// Finder looks for a name in one place. It runs nothing and writes nothing.
//
// An answer of [ErrNotFound] (or an error that wraps it) lets the next finder be asked; its text
// after "not found: " says why, for the reader of an error or of [load.Loader.Explain]. Any other
// error stops the search: a broken or forbidden module is never shadowed by a later one. Finders
// are safe for concurrent use.
//
// Where the name has companions, a Go source of the answer lists them. An answer without a hash is
// completed by the installers, which can bring those that are not here yet.
type Finder interface {
	Find(ctx context.Context, name Name) (*Spec, error)
}

// Rules are what a loader's policies and lock file say about what is installed.
type Rules interface {
	// Owner returns the registry that owns a module or package path, if there is one.
	Owner(path string) (policy.Owner, bool)
	// Belongs reports whether what the store has of a module may be used; from is the URL of the
	// registry that it came from, "" for none that owns it.
	Belongs(m ModuleVersion, from string) bool
	// Holds reports whether the lock file has a module, with its version and sum.
	Holds(m ModuleVersion) bool
	// AdmitAge lets the policies decide how long a module must have been published. published is
	// called only if a policy sets a minimum age; it returns the zero time if unknown.
	AdmitAge(m ModuleVersion, published func() (time.Time, error)) error
	// MayAsk reports whether the network may be asked.
	MayAsk() bool
}

// Ruled is an optional ability of a finder whose answers depend on the rules: FindUnder is Find
// under them.
type Ruled interface {
	FindUnder(ctx context.Context, name Name, rules Rules) (*Spec, error)
}

// Lister is an optional ability of a finder: it lists the names it knows, for the spelling hints of
// an error. It is asked only when a name was not found; errors end the list.
type Lister interface {
	Names(ctx context.Context) iter.Seq[string]
}

// Path is the ordered list of finders, as Python's sys.path; it is a finder itself. The first
// answer wins.
type Path []Finder

// Find asks each finder in order. Where none knows the name, the error is a [*NotFoundError] that
// tells every finder's answer.
func (p Path) Find(ctx context.Context, name Name) (*Spec, error) {
	spec, tried, err := p.Ask(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	if spec == nil {
		return nil, &NotFoundError{Name: name.String(), Tried: tried}
	}
	return spec, nil
}

// Ask asks each finder in order, under the rules if they are not nil, and returns the answer
// together with everyone who was asked; a nil spec and a nil error mean not found.
func (p Path) Ask(ctx context.Context, name Name, rules Rules) (*Spec, []Tried, error) {
	var tried []Tried
	for _, finder := range p {
		if err := ctx.Err(); err != nil {
			return nil, tried, context.Cause(ctx)
		}
		who := Describe(finder)
		spec, err := Under(ctx, finder, name, rules)
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

// Describe names a finder, an installer or an engine for messages: its String method where it has
// one.
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

// Under asks one finder, under the rules if they are not nil.
func Under(ctx context.Context, finder Finder, name Name, rules Rules) (*Spec, error) {
	if ruled, ok := finder.(Ruled); ok && rules != nil {
		return ruled.FindUnder(ctx, name, rules)
	}
	return finder.Find(ctx, name)
}
