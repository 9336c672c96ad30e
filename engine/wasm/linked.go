package wasm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm/internal/kernel"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/store"
)

// linked is a module that is compiled: the one that is loaded, or one that it links to.
type linked struct {
	name   string
	binary *binaryModule
}

// others are the modules from which one can import, by name.
type others map[string]*binaryModule

func byName(all []linked) others {
	names := make(others)
	for _, l := range all[:len(all)-1] { // nothing imports from the last
		names[l.name] = l.binary
	}
	return names
}

// linkAll reads modules, the last of which is the one that is loaded, and returns them in an order
// in which each comes after those that it imports from.
func linkAll(modules []manifest.Module) ([]linked, error) {
	var all []linked
	for i, m := range modules {
		l := linked{name: m.Name}
		if i < len(modules)-1 && slices.Contains([]string{extismModule, wasiModule, kernel.HostModule}, m.Name) {
			return nil, &engine.CompileError{Reason: fmt.Sprintf("its module %d is called %s, as one of the host is", i+1, m.Name)}
		}
		var err error
		if l.binary, err = read(m.Data); err != nil {
			return nil, l.named(err)
		}
		all = append(all, l)
	}
	for _, l := range all {
		if err := l.binary.check(byName(all)); err != nil {
			return nil, l.named(err)
		}
	}
	return ordered(all)
}

// named says which module an error is about.
func (l linked) named(err error) error {
	var failed *engine.CompileError
	if l.name == manifest.Main || !errors.As(err, &failed) {
		return err
	}
	about := *failed
	about.Reason = "its module " + l.name + ": " + failed.Reason
	return &about
}

// ordered sorts modules so that each comes after those that it imports from.
func ordered(all []linked) ([]linked, error) {
	var order []linked
	var visit func(l linked, chain []string) error
	visit = func(l linked, chain []string) error {
		if slices.Contains(chain, l.name) {
			return &engine.CompileError{Reason: "its modules import each other: " + strings.Join(append(chain, l.name), " → ")}
		}
		if slices.ContainsFunc(order, func(o linked) bool { return o.name == l.name }) {
			return nil
		}
		chain = append(slices.Clone(chain), l.name)
		for _, on := range all[:len(all)-1] {
			if l.binary.importsFrom(on.name) {
				if err := visit(on, chain); err != nil {
					return err
				}
			}
		}
		order = append(order, l)
		return nil
	}
	for _, l := range all {
		if err := visit(l, nil); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func (b *binaryModule) importsFrom(module string) bool {
	return slices.ContainsFunc(b.imports, func(i importation) bool { return i.module == module })
}

// lacks says why a module cannot provide an import, or "".
func (b *binaryModule) lacks(i importation) string {
	at, ok := b.exported[exportKey{i.name, i.kind}]
	switch {
	case !ok:
		return "the module " + i.module + " of the manifest exports none of that name and kind"
	case i.kind != 0:
		return ""
	}
	if have, ok := b.functionType(at); ok && have.String() != i.function.String() {
		return fmt.Sprintf("it is %s in the module %s of the manifest, not %s", have, i.module, i.function)
	}
	return ""
}

// functionType is the type of a function by its index.
func (b *binaryModule) functionType(index uint32) (functionType, bool) {
	at := int64(index) - int64(len(b.imported))
	if at < 0 {
		return b.imported[index], true
	}
	if at >= int64(len(b.defined)) || int(b.defined[at]) >= len(b.types) {
		return functionType{}, false
	}
	return b.types[b.defined[at]], true
}

// plan is what an artifact holds beside its modules where they come with a manifest.
type plan struct {
	Linked []string // the names of the modules that the last one links to, in order
	Asks   *manifest.Asks
}

const (
	moduleFile = "module.wasm"
	planFile   = "plan.json"
	kernelFile = "kernel.wasm"
	typesFile  = "types.wit"
)

// fileOf is the file of a module of an artifact.
func fileOf(i, of int) string {
	if i == of-1 {
		return moduleFile
	}
	return fmt.Sprintf("linked%d.wasm", i)
}

// moduleFiles are the files of an artifact that are compiled.
func moduleFiles(a engine.Artifact) []string {
	var names []string
	for _, f := range a.Files.Files() {
		if strings.HasSuffix(f.Name, ".wasm") {
			names = append(names, f.Name)
		}
	}
	return names
}

// has reports whether an artifact has a file.
func has(a engine.Artifact, name string) bool {
	return slices.ContainsFunc(a.Files.Files(), func(f store.File) bool { return f.Name == name })
}

func newPlan(all []linked, asks manifest.Asks) plan {
	p := plan{Asks: &asks}
	for _, l := range all[:len(all)-1] {
		p.Linked = append(p.Linked, l.name)
	}
	return p
}

func (p plan) encode() ([]byte, error) { return json.Marshal(p) }

func readPlan(a engine.Artifact) (p plan, err error) {
	if !has(a, planFile) {
		return p, nil
	}
	text, err := a.Files.ReadFile(planFile)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

// modules reads the modules of an artifact, in the order in which they start, as they are opened
// with their machine code.
func (p plan) modules(a engine.Artifact, code *store.Artifact) ([]linked, error) {
	names := append(slices.Clone(p.Linked), manifest.Main)
	all := make([]linked, len(names))
	for i, name := range names {
		data, err := wasmrun.Module(a, code, fileOf(i, len(names)))
		if err != nil {
			return nil, err
		}
		all[i].name = name
		if all[i].binary, err = read(data); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// limited are the limits, and that of a call that a manifest asks for where it is shorter.
func (p plan) limited(l engine.Limits) engine.Limits {
	if p.Asks != nil && p.Asks.Timeout > 0 && (l.CallTime == 0 || p.Asks.Timeout < l.CallTime) {
		l.CallTime = p.Asks.Timeout
	}
	return l
}
