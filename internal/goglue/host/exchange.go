package host

import (
	"net/http"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

var (
	writerType  = reflect.TypeFor[http.ResponseWriter]()
	requestType = reflect.TypeFor[*http.Request]()
	runType     = reflect.TypeFor[func(http.Handler)]()
)

// exchange is a function type of the host that takes a writer and a request as they are, and its
// second form, see [api.Serve].
type exchange struct {
	first, second   reflect.Type
	writer, request int // the parameters of the first
	run             int // the parameter of the second
}

// exchangeOf returns the exchange of a function type, or nil where the parameters are others.
func exchangeOf(t reflect.Type, writer, request int) *exchange {
	if max(writer, request) >= t.NumIn() || t.In(writer) != writerType || t.In(request) != requestType {
		return nil
	}
	x := &exchange{first: t, writer: writer, request: request, run: writer}
	if request < writer {
		x.run--
	}
	var in, out []reflect.Type
	for j := range t.NumIn() {
		switch j {
		case writer:
			in = append(in, runType)
		case request:
		default:
			in = append(in, t.In(j))
		}
	}
	for j := range t.NumOut() {
		out = append(out, t.Out(j))
	}
	x.second = reflect.FuncOf(in, out, t.IsVariadic())
	return x
}

// among returns the parameters of the writer and the request among those that cross.
func (i *Instance) among(f *api.Func) (writer, request int) {
	writer, request = f.Serve.Writer, f.Serve.Request
	for j, n := range f.In {
		if i.api.Types[n].Kind == api.KindContext {
			writer -= bit(j < f.Serve.Writer)
			request -= bit(j < f.Serve.Request)
		}
	}
	return writer, request
}

func bit(v bool) int {
	if v {
		return 1
	}
	return 0
}

// serving finds the functions in which a handler answers a request.
func serving(described *api.API) map[int]bool {
	all := map[int]bool{}
	for _, b := range described.Bridges {
		if b.Name == serveBridge {
			all[b.Func-1+wire.FuncCount] = true
		}
	}
	for _, f := range described.Funcs {
		if f.Serve.Func != 0 {
			all[f.Serve.Func-1+wire.FuncCount] = true
		}
	}
	return all
}

// exchange returns the exchange by which a function type of the host calls the target, or nil.
func (i *Instance) exchange(target callee, t reflect.Type) *exchange {
	if target.Serve.Func == 0 {
		return nil
	}
	writer, request := i.among(target.Func)
	extra := bit(t.NumIn() > target.contextAt() && t.In(target.contextAt()) == contextType) + bit(target.expression)
	return exchangeOf(t, writer+extra, request+extra)
}

// served is the target in its second form.
func (i *Instance) served(target callee) callee {
	n := target.Serve.Func - 1
	target.function, target.Func = n+wire.FuncCount, &i.api.Funcs[n]
	return target
}

// servedArguments returns the arguments of a call by name for the second form of its target, where
// a writer and a request are among them.
func (i *Instance) servedArguments(target callee, args []any) ([]any, bool) {
	if target.Serve.Func == 0 {
		return nil, false
	}
	writer, request := i.among(target.Func)
	if max(writer, request) >= len(args) {
		return nil, false
	}
	w, isWriter := args[writer].(http.ResponseWriter)
	r, isRequest := args[request].(*http.Request)
	var second []any
	for j, arg := range args {
		switch j {
		case writer:
			second = append(second, func(h http.Handler) { answerWith(h, w, r) })
		case request:
		default:
			second = append(second, arg)
		}
	}
	return second, isWriter && isRequest
}

// answerWith lets a handler answer. The end of its module is a panic: the call that the handler
// belongs to tells of it.
func answerWith(h http.Handler, w http.ResponseWriter, r *http.Request) {
	own, ok := h.(adaptedHandler)
	if !ok {
		h.ServeHTTP(w, r)
		return
	}
	ended := func(err error) { panic(err) }
	own.serve(w, r, ended, ended)
}

// caller makes the function of the host of what calls the module by the second form.
func (x *exchange) caller(second reflect.Value) reflect.Value {
	return reflect.MakeFunc(x.first, func(args []reflect.Value) []reflect.Value {
		w, _ := args[x.writer].Interface().(http.ResponseWriter)
		r := args[x.request].Interface().(*http.Request)
		aborted := false
		run := func(h http.Handler) {
			defer func() {
				if p := recover(); p != nil {
					aborted = p == http.ErrAbortHandler
					panic(p)
				}
			}()
			answerWith(h, w, r)
		}
		defer func() {
			if aborted && recover() != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		var others []reflect.Value
		for j, arg := range args {
			switch j {
			case x.writer:
				others = append(others, reflect.ValueOf(run))
			case x.request:
			default:
				others = append(others, arg)
			}
		}
		return callWith(second, others)
	})
}

// answerer makes what answers for the second form of what answers with a function of the host. A
// panic of the function goes on as it is.
func (x *exchange) answerer(first func(reflect.Value) reflect.Value) func(reflect.Value) reflect.Value {
	return func(v reflect.Value) reflect.Value {
		return reflect.MakeFunc(x.second, func(args []reflect.Value) (results []reflect.Value) {
			var panicked any
			defer func() {
				if panicked != nil && recover() != nil {
					panic(panicked)
				}
			}()
			args[x.run].Interface().(func(http.Handler))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					if panicked = recover(); panicked != nil {
						panic(panicked)
					}
				}()
				results = callWith(first(v), x.firstArguments(args, w, r))
			}))
			return results
		})
	}
}

// firstArguments are the arguments of the first form, of those of the second.
func (x *exchange) firstArguments(second []reflect.Value, w http.ResponseWriter, r *http.Request) []reflect.Value {
	args := make([]reflect.Value, 0, len(second)+1)
	for j, k := 0, 0; j <= len(second); j++ {
		switch j {
		case x.request:
			args = append(args, reflect.ValueOf(r))
			continue
		case x.writer:
			args = append(args, reflect.ValueOf(&w).Elem())
		default:
			args = append(args, second[k])
		}
		k++
	}
	return args
}

// callWith calls a function with arguments of which the last is the slice, where it is variadic.
func callWith(f reflect.Value, args []reflect.Value) []reflect.Value {
	if f.Type().IsVariadic() {
		return f.CallSlice(args)
	}
	return f.Call(args)
}
