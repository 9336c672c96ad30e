package build

import (
	"fmt"
	"go/token"
	"go/types"
	"strconv"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// exchange is a second form in which a function crosses that takes an http.ResponseWriter and an
// *http.Request with other parameters: in the place of both it has a function that lets a handler
// answer. The side that has them makes it, and what has to answer runs inside a handler.
type exchange struct {
	writer, request int // the parameters
	sig             *types.Signature
}

// crossing is the signature by which a function crosses.
func (f *goFunc) crossing() *types.Signature {
	if f.served != nil {
		return f.served.sig
	}
	return f.sig
}

// exchangeOf finds the two parameters of a signature, or returns nil where it does not have one of
// each.
func exchangeOf(sig *types.Signature) *exchange {
	x := &exchange{-1, -1, nil}
	for i := range sig.Params().Len() {
		at := &x.writer
		switch t := types.Unalias(sig.Params().At(i).Type()); {
		case isRequest(t):
			at = &x.request
		case !isNamed(t, "net/http", "ResponseWriter"):
			continue
		}
		if *at >= 0 {
			return nil
		}
		*at = i
	}
	if x.writer < 0 || x.request < 0 {
		return nil
	}
	return x
}

// isRequest reports whether a type is *http.Request.
func isRequest(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "net/http", "Request")
}

// serve describes the second form of the function with that index, where it has one.
func (d *describer) serve(i, depth int) {
	f := d.funcs[i]
	if f.form != formFunc && f.form != formMethod && f.form != formValue {
		return
	}
	if f.served != nil || f.sig == nil || d.bridging[workspace.GuestHTTPPath] == nil || d.api.Funcs[i].NoVariadic || !d.nameable(f.sig) {
		return
	}
	if f.served = exchangeOf(f.sig); f.served == nil {
		return
	}
	d.bear(f.served, f.sig)
	n := d.function(f, depth)
	d.api.Funcs[i].Serve = api.Serve{Func: n, Writer: f.served.writer, Request: f.served.request}
}

// bear makes the signature of an exchange.
func (d *describer) bear(x *exchange, sig *types.Signature) {
	writer := types.Unalias(sig.Params().At(x.writer).Type()).(*types.Named)
	handler := writer.Obj().Pkg().Scope().Lookup("Handler").Type()
	run := types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewParam(token.NoPos, nil, "h", handler)), nil, false)
	d.number(run, 0)
	var params []*types.Var
	for i := range sig.Params().Len() {
		switch i {
		case x.writer:
			params = append(params, types.NewParam(token.NoPos, nil, "run", run))
		case x.request:
		default:
			params = append(params, sig.Params().At(i))
		}
	}
	x.sig = types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), sig.Results(), sig.Variadic())
}

// answer writes the call of a function in its second form: inside a handler. The results are
// variables.
func (g *generator) answer(f goFunc, target string, args []string, described api.Func) {
	for j := range described.Out {
		g.printf("\tvar x%d %s\n", j, g.spell(f.sig.Results().At(j).Type()))
	}
	run := args[f.served.run()]
	list := f.served.spread(args)
	http := g.use("net/http")
	g.printf("\tc.Ready()\n\t%s(%s.HandlerFunc(func(w %s.ResponseWriter, q *%s.Request) {\n", run, http, http, http)
	g.printf("\t\t%s%s\n\t}))\n", assigned(len(described.Out), " = "), g.expression(f.form, target, list, described.Variadic))
}

// run is the index of the function that lets a handler answer.
func (x *exchange) run() int {
	if x.request < x.writer {
		return x.writer - 1
	}
	return x.writer
}

// spread returns the arguments of the function itself, of those of its second form.
func (x *exchange) spread(args []string) []string {
	var list []string
	for i, j := 0, 0; i < x.sig.Params().Len()+1; i++ {
		switch i {
		case x.request:
			list = append(list, "q")
			continue
		case x.writer:
			list = append(list, "w")
		default:
			list = append(list, args[j])
		}
		j++
	}
	return list
}

// forwardServing writes what forwards to a method of the host that takes the writer and the request
// as they are, by the second form.
func (g *generator) forwardServing(host string, method int, x *exchange) {
	g.printf("\tif %s.Serves(%d) {\n\t\trun := func(h %s.Handler) { h.ServeHTTP(a%d, a%d) }\n", host, method, g.use("net/http"), x.writer, x.request)
	args := make([]string, 0, x.sig.Params().Len())
	for i := range x.sig.Params().Len() + 1 {
		switch i {
		case x.request:
		case x.writer:
			args = append(args, "run")
		default:
			args = append(args, "a"+strconv.Itoa(i))
		}
	}
	g.forwardCall(fmt.Sprintf("%s.Begin(%d)", host, method), x.sig, args)
	g.printf("\t\treturn\n\t}\n")
}
