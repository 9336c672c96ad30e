package host

import (
	"net/http"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

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

// exchange returns the exchange by which a function type of the host calls the target, or nil.
func (i *Instance) exchange(target callee, t reflect.Type) *hosthttp.Exchange {
	if target.Serve.Func == 0 {
		return nil
	}
	writer, request := i.among(target.Func)
	extra := bit(t.NumIn() > target.contextAt() && t.In(target.contextAt()) == codec.ContextType) + bit(target.expression)
	return hosthttp.ExchangeOf(t, writer+extra, request+extra)
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
			second = append(second, func(h http.Handler) { hosthttp.AnswerWith(h, w, r) })
		case request:
		default:
			second = append(second, arg)
		}
	}
	return second, isWriter && isRequest
}
