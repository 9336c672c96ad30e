package build

import (
	"context"
	"go/types"
	"maps"
	"slices"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// bridge says how values of an interface of the standard library cross that method calls alone
// cannot carry: a package that becomes part of the module has an interface that crosses instead,
// and functions for the other way.
type bridge struct {
	path   string   // of the package
	target string   // the interface that crosses instead
	make   string   // the function that makes a value of the interface from one of the target
	funcs  []string // what the host calls for a value of the module
}

// bridges are by name of the interface.
var bridges = map[string]bridge{
	"net/http.Handler": {workspace.GuestHTTPPath, "Handler", "NewHandler", []string{"Serve"}},
	"io/fs.FS":         {workspace.GuestFSPath, "System", "New", []string{"Stat", "ReadDir", "Open"}},
}

// addBridges reads the types of the bridges that the module may need.
func (b *build) addBridges(ctx context.Context, m *parts, listed map[string]*workspace.Package, importPackage func(string) (*types.Package, error)) error {
	m.bridging = map[string]*types.Package{}
	for needed, path := range map[string]string{"io/fs": workspace.GuestFSPath, "net/http": workspace.GuestHTTPPath} {
		if listed[needed] == nil {
			continue
		}
		more, err := b.ListDeps(ctx, path)
		if err != nil {
			return err
		}
		maps.Copy(listed, more)
		if m.bridging[path], err = importPackage(path); err != nil {
			return err
		}
	}
	return nil
}

// describeBridges describes the bridges of the interfaces that the API needs.
func (d *describer) describeBridges() {
	for _, name := range []string{"io/fs.FS", "net/http.Handler"} {
		b := bridges[name]
		pkg := d.bridging[b.path]
		if pkg == nil || !d.mentions(pkg, b) {
			continue
		}
		target := d.number(pkg.Scope().Lookup(b.target).Type(), 0)
		if !d.expanded[target] { // however many functions there are
			d.expandType(target, 0)
		}
		for n := 1; n < len(d.types); n++ {
			if d.api.Types[n].Std == name || name == "net/http.Handler" && isHandlerFunc(d.types[n]) {
				d.api.Types[n].Bridge = target
			}
		}
		for _, f := range b.funcs {
			obj := pkg.Scope().Lookup(f).(*types.Func)
			i := d.function(goFunc{form: formFunc, name: f, sig: obj.Signature(), pkg: pkg}, 0)
			d.api.Bridges = append(d.api.Bridges, api.Bridge{Name: name + "." + f, Func: i})
		}
	}
	d.expand()
}

// mentions reports whether a type of the API is or implements the interface of a bridge.
func (d *describer) mentions(pkg *types.Package, b bridge) bool {
	first := pkg.Scope().Lookup(b.funcs[0]).(*types.Func).Signature().Params()
	var iface *types.Interface
	for v := range first.Variables() {
		if u, ok := v.Type().Underlying().(*types.Interface); ok && standardName(types.Unalias(v.Type())) != "" && kindOf(v.Type()) == api.KindInterface {
			iface = u
			break
		}
	}
	return iface != nil && slices.ContainsFunc(d.types[1:], func(t types.Type) bool {
		return types.Implements(t, iface) || isHandlerFunc(t) || !types.IsInterface(t) && types.Implements(types.NewPointer(t), iface)
	})
}

// isHandlerFunc recognises func(http.ResponseWriter, *http.Request).
func isHandlerFunc(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Params().Len() != 2 || sig.Results().Len() != 0 || !isNamed(sig.Params().At(0).Type(), "net/http", "ResponseWriter") {
		return false
	}
	return isRequest(sig.Params().At(1).Type())
}

// bridged returns the expression that makes a value of type n of what the host gave for its bridge.
func (g *generator) bridged(n int) string {
	b := bridges["net/http.Handler"]
	if std := g.api.Types[n].Std; std != "" {
		b = bridges[std]
	}
	made := g.use(b.path) + "." + b.make + "(" + g.need("fwd", g.api.Types[n].Bridge) + "(c.Host()))"
	if g.api.Types[n].Kind == api.KindFunc {
		return "(" + g.spell(g.types[n].Underlying()) + ")(" + made + ".ServeHTTP)"
	}
	return made
}
