package hosthttp

import (
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/wire"
)

// ServeBridge is the function of a module that lets a handler of it answer a request.
const ServeBridge = "net/http.Handler.Serve"

// Serving finds the functions in which a handler answers a request.
func Serving(described *api.API) map[int]bool {
	all := map[int]bool{}
	for _, b := range described.Bridges {
		if b.Name == ServeBridge {
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

// Staying finds the functions whose callers wait for what those call of the host, even where their
// contexts end, as in Go: what answers requests, writes to a response of the module and reads.
func Staying(described *api.API) map[int]bool {
	all := Serving(described)
	all[wire.FuncRead] = true
	for _, typ := range described.Types {
		if typ.Text == reflect.TypeFor[*guesthttp.Target]().String() {
			for _, m := range typ.Methods {
				all[m.Func-1+wire.FuncCount] = true
			}
		}
	}
	return all
}
