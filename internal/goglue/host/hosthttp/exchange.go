package hosthttp

import (
	"net/http"
	"reflect"
)

var (
	writerType  = reflect.TypeFor[http.ResponseWriter]()
	requestType = reflect.TypeFor[*http.Request]()
	runType     = reflect.TypeFor[func(http.Handler)]()
)

// Exchange is a function type of the host that takes a writer and a request as they are, and its
// second form, see [api.Serve].
type Exchange struct {
	first           reflect.Type
	Second          reflect.Type
	writer, request int // the parameters of the first
	run             int // the parameter of the second
}

// ExchangeOf returns the exchange of a function type, or nil where the parameters are others.
func ExchangeOf(t reflect.Type, writer, request int) *Exchange {
	if max(writer, request) >= t.NumIn() || t.In(writer) != writerType || t.In(request) != requestType {
		return nil
	}
	x := &Exchange{first: t, writer: writer, request: request, run: writer}
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
	x.Second = reflect.FuncOf(in, out, t.IsVariadic())
	return x
}

// AnswerWith lets a handler answer. The end of its module is a panic: the call that the handler
// belongs to tells of it.
func AnswerWith(h http.Handler, w http.ResponseWriter, r *http.Request) {
	own, ok := h.(moduleHandler)
	if !ok {
		h.ServeHTTP(w, r)
		return
	}
	ended := func(err error) { panic(err) }
	own.serve(w, r, ended, ended)
}

// Caller makes the function of the host of what calls the module by the second form.
func (x *Exchange) Caller(second reflect.Value) reflect.Value {
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
			AnswerWith(h, w, r)
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
		return CallWith(second, others)
	})
}

// Answerer makes what answers for the second form of what answers with a function of the host. A
// panic of the function goes on as it is.
func (x *Exchange) Answerer(first func(reflect.Value) reflect.Value) func(reflect.Value) reflect.Value {
	return func(v reflect.Value) reflect.Value {
		return reflect.MakeFunc(x.Second, func(args []reflect.Value) (results []reflect.Value) {
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
				results = CallWith(first(v), x.firstArguments(args, w, r))
			}))
			return results
		})
	}
}

// firstArguments are the arguments of the first form, of those of the second.
func (x *Exchange) firstArguments(second []reflect.Value, w http.ResponseWriter, r *http.Request) []reflect.Value {
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

// CallWith calls a function with arguments of which the last is the slice, where it is variadic.
func CallWith(f reflect.Value, args []reflect.Value) []reflect.Value {
	if f.Type().IsVariadic() {
		return f.CallSlice(args)
	}
	return f.Call(args)
}
