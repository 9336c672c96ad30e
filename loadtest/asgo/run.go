package asgo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

// Main is the host program: it compares the packages on the engine that its first argument names,
// with a store in the directory that the second does, and writes the reports to the standard
// output.
func Main(packages ...Linked) {
	s, err := store.Open(os.Args[2])
	if err != nil {
		fatal(err)
	}
	l, err := standard.New(load.Config{Engine: os.Args[1], Store: s, Path: standard.Path(s)})
	if err != nil {
		fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // what functions print is not a report
	for i, p := range packages {
		if next := i + 1; next < len(packages) { // it compiles while this one is compared
			go func() {
				_, _ = l.Load(context.Background(), packages[next].name(), load.Instantiate(packages[next].Instances...))
			}()
		}
		r, err := compareOne(l, p)
		if err != nil {
			fatal(err)
		}
		if err := out.Encode(r); err != nil {
			fatal(err)
		}
	}
	if err := l.Close(context.Background()); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

const (
	seeds    = 30 // how many calls of each function are compared
	maxNotes = 3  // how many differences of one function are reported
)

type comparison struct {
	Linked
	Report
	module         *load.Module
	objects        *objects
	native, loaded side
	compared       map[string]bool
	stuck          bool // a call of the module did not end: it is asked no more
}

// compareOne loads a package, in the version that is linked, and compares it.
func compareOne(l *load.Loader, p Linked) (*Report, error) {
	m, err := l.Load(context.Background(), p.name(), load.Instantiate(p.Instances...))
	if err != nil {
		return nil, err
	}
	o := &objects{map[reflect.Type][]recipe{}}
	c := &comparison{
		Linked: p, Report: Report{Path: p.Path}, module: m, objects: o, native: nativeSide{o}, loaded: loadedSide{o}, compared: map[string]bool{},
	}
	if c.Drive != nil {
		c.drive()
	}
	functions := c.functions()
	for range 2 { // the second time, there are values that stay in the module
		for _, f := range functions {
			c.try(f)
		}
		for range 2 { // methods return such values, too
			for _, f := range c.methods() {
				c.try(f)
			}
		}
	}
	for _, f := range functions {
		if !c.compared[f.symbol] {
			c.skip(f.symbol, "its arguments cannot be made")
		}
	}
	_, err = l.Unload(context.Background(), p.name(), load.Instantiate(p.Instances...))
	return &c.Report, err
}

// name is what to load: the package in the version that is linked.
func (p Linked) name() string {
	if version := linkedVersion(p.Path); version != "" {
		return p.Path + "@" + version
	}
	return p.Path
}

// linkedVersion is the version of the module of a package that this program links, or "" of the
// standard library.
func linkedVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	version, longest := "", ""
	for _, d := range info.Deps {
		if (path == d.Path || strings.HasPrefix(path, d.Path+"/")) && len(d.Path) > len(longest) {
			version, longest = d.Version, d.Path
		}
	}
	return version
}

func (c *comparison) skip(symbol, why string) {
	c.Skipped = append(c.Skipped, Note{Symbol: symbol, Text: why})
}

func (c *comparison) skipped(symbol string) bool {
	why, ok := c.Skip[symbol]
	if ok && !c.compared[symbol] {
		c.compared[symbol] = true
		c.skip(symbol, why)
	}
	return ok
}

// functions binds the functions, and what makes zero values of the types that stay in the module.
func (c *comparison) functions() []*callable {
	var bound []*callable
	for _, name := range slices.Sorted(maps.Keys(c.Funcs)) {
		if c.skipped(name) {
			continue
		}
		native := reflect.ValueOf(c.Funcs[name])
		f := newCallable(name, native.Type())
		f.native = native
		bound = c.bind(bound, f)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Types)) {
		t := c.Types[name]
		if hostType(t) != objectType || t.Kind() != reflect.Struct {
			continue
		}
		empty := reflect.TypeFor[struct{}]()
		f := newCallable("*"+name, reflect.FuncOf([]reflect.Type{empty}, []reflect.Type{reflect.PointerTo(t)}, false))
		f.native = reflect.MakeFunc(f.typ, func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.New(t)} })
		bound = c.bind(bound, f)
	}
	return bound
}

// refuse notes that a function cannot be bound. Its symbol, or the method of a type, has to say so.
func (c *comparison) refuse(f *callable, err error) {
	n := Note{Symbol: f.symbol, Text: err.Error()}
	var refused *load.SymbolError
	if errors.As(err, &refused) && refused.Reason != "" && slices.ContainsFunc(c.module.Symbols(), func(s load.Symbol) bool {
		said := s.Name == f.symbol && s.Limit == refused.Reason
		return said || slices.ContainsFunc(s.Methods, func(m load.Symbol) bool { return m.Name == f.method && m.Limit == refused.Reason })
	}) {
		c.Refused = append(c.Refused, n)
		return
	}
	n.Text = "nothing says that it cannot be bound: " + n.Text
	c.Differ = append(c.Differ, n)
}

func (c *comparison) bind(bound []*callable, f *callable) []*callable {
	if f.bound == nil {
		c.skip(f.symbol, "a channel or a complex number")
		return bound
	}
	api := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "F", Type: f.bound, Tag: reflect.StructTag(fmt.Sprintf("load:%q", f.symbol))}}))
	if err := c.module.Bind(api.Interface()); err != nil {
		c.refuse(f, err)
		return bound
	}
	f.loaded = api.Elem().Field(0)
	return append(bound, f)
}

// methods are those of the values that stay in the module.
func (c *comparison) methods() []*callable {
	var methods []*callable
	types := slices.SortedFunc(maps.Keys(c.objects.recipes), func(a, b reflect.Type) int { return cmp.Compare(a.String(), b.String()) })
	for _, t := range types {
		for method := range t.Methods() {
			name := t.String() + "." + method.Name
			if !method.IsExported() || c.compared[name] || c.skipped(name) {
				continue
			}
			typ := method.Type
			if t.Kind() != reflect.Interface { // its first parameter is the receiver
				typ = reflect.Zero(t).Method(method.Index).Type()
			}
			f := newCallable(name, typ)
			f.receiver, f.method = t, method.Name
			if f.bound == nil {
				c.compared[name] = true
				c.skip(name, "a channel or a complex number")
				continue
			}
			methods = append(methods, f)
		}
	}
	return methods
}

// try compares the calls of one function, unless that was done before.
func (c *comparison) try(f *callable) {
	if c.compared[f.symbol] || c.stuck {
		return
	}
	fmt.Fprintf(os.Stderr, "%s %s\n", c.Path, f.symbol)
	name := fnv.New64a()
	fmt.Fprint(name, c.Path, f.symbol)
	for j := uint64(0); j < seeds && !c.stuck; j++ {
		if why := c.once(f, name.Sum64()+j); why != nil {
			if _, none := why.(errNone); none {
				return
			}
			c.compared[f.symbol] = true
			if why != errRefused {
				c.skip(f.symbol, why.Error())
			}
			return
		}
	}
	c.compared[f.symbol] = true
	c.Functions++
}

var errRefused = errors.New("load refuses to bind it")

var errVaries = errors.New("two native calls differ: it is not deterministic")

// once compares one call. The error says why the function is left out.
func (c *comparison) once(f *callable, seed uint64) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case errNone:
			err = r
		default:
			panic(r)
		}
	}()
	first, second := f.run(c.native, seed, c.Strings, 0), f.run(c.native, seed, c.Strings, 0)
	native := f.run(c.native, seed, c.Strings, 0) // comparing may read what the others returned
	switch {
	case first.failed != nil || second.failed != nil || native.failed != nil:
		return errSlow
	case compare(first, second) != "":
		return errVaries
	}
	loaded := f.run(c.loaded, seed, c.Strings, 0)
	if loaded.refused {
		c.refuse(f, loaded.failed)
		return errRefused
	}
	c.Calls++
	if d := compare(native, loaded); d != "" {
		if f.differ++; f.differ > maxNotes {
			return nil
		}
		c.stuck = errors.Is(loaded.failed, context.DeadlineExceeded)
		c.Differ = append(c.Differ, Note{Symbol: f.symbol, Args: native.given, Text: d})
	} else if native.panicked == "" {
		c.objects.keep(f, seed, native.results)
	}
	return nil
}
