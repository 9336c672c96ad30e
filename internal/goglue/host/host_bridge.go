package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guestfs"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/adapted"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

var (
	handlerType     = reflect.TypeFor[http.Handler]()
	handlerFuncType = reflect.TypeFor[http.HandlerFunc]()
	fsType          = reflect.TypeFor[fs.FS]()
)

// encodeBridged builds what gives a host's value for a type that has a bridge, or nil where the
// host's type is another one.
func (i *Instance) encodeBridged(t reflect.Type, n int) (codec.Encoder, error) {
	typ := &i.api.Types[n]
	var wrap func(v reflect.Value) any
	var target reflect.Type
	switch {
	case typ.Kind == api.KindFunc && t.ConvertibleTo(handlerFuncType):
		target = reflect.TypeFor[guesthttp.Handler]()
		wrap = func(v reflect.Value) any {
			return i.requests.Given(v.Convert(handlerFuncType).Interface().(http.Handler), v)
		}
	case typ.Std == "net/http.Handler" && t.Implements(handlerType):
		target = reflect.TypeFor[guesthttp.Handler]()
		wrap = func(v reflect.Value) any { return i.requests.Given(v.Interface().(http.Handler), v) }
	case typ.Std == "io/fs.FS" && t.Implements(fsType):
		target = reflect.TypeFor[guestfs.System]()
		wrap = func(v reflect.Value) any { return adapted.HostSystem(v.Interface().(fs.FS), v) }
	default:
		return nil, nil
	}
	encode, err := i.encodeGiven(target, typ.Bridge)
	if err != nil {
		return nil, err
	}
	return func(e *wire.Encoder, v reflect.Value) {
		if i.absent(typ, v) {
			e.Byte(wire.TagNil)
			return
		}
		if o := i.ownObject(v); o != nil {
			i.encodeObject(e, reflect.ValueOf(o))
			return
		}
		encode(e, reflect.ValueOf(wrap(v)))
	}, nil
}

// adaptedSystem is a module's file system for the host.
type adaptedSystem struct {
	adapted.Value
	instance *Instance
}

func (s adaptedSystem) Stat(name string) (guestfs.Info, error) {
	return bridgeFunc[func(*engine.Object, string) (guestfs.Info, error)](s.instance, "io/fs.FS.Stat")(s.Object, name)
}

func (s adaptedSystem) ReadDir(name string) ([]guestfs.Info, error) {
	return bridgeFunc[func(*engine.Object, string) ([]guestfs.Info, error)](s.instance, "io/fs.FS.ReadDir")(s.Object, name)
}

func (s adaptedSystem) Open(name string) (io.ReadCloser, error) {
	return bridgeFunc[func(*engine.Object, string) (io.ReadCloser, error)](s.instance, "io/fs.FS.Open")(s.Object, name)
}

// serve lets a handler of the module answer a request. It is [hosthttp.ServeFunc].
func (i *Instance) serve(ctx context.Context, h *engine.Object, message guesthttp.Message, body io.Reader, w guesthttp.Response) (answer guesthttp.Message, failed error) {
	p, err := i.servePlan()
	if err != nil {
		return answer, err
	}
	args := hosthttp.NewArguments(h, message, body, w)
	defer args.Done()
	if err := p.roundTrip(ctx, nil, args.Values[:], func(d *codec.Incoming, mode uint64) error {
		answer.Data, failed = d.TakeMessage(), d.TakeError(p.decode[1])
		return p.end(d, mode)
	}); err != nil {
		return guesthttp.Message{}, err
	}
	return answer, failed
}

// planServe is the plan of serve.
func (i *Instance) planServe() (*plan, error) {
	target, err := i.bridge(hosthttp.ServeBridge)
	if err != nil {
		return nil, err
	}
	args := []reflect.Type{codec.ObjectType, reflect.TypeFor[guesthttp.Message](), reflect.TypeFor[io.Reader](), reflect.TypeFor[guesthttp.Response]()}
	return i.plan(target, args, []reflect.Type{reflect.TypeFor[guesthttp.Message](), codec.ErrorType}, false, i.codec)
}

// bridgeFunc binds a function of a bridge, once.
func bridgeFunc[F any](i *Instance, name string) F {
	if known, ok := i.bridgeFuncs.Load(name); ok {
		return known.(F)
	}
	f, err := i.bridgeFunc(name, reflect.TypeFor[F]())
	if err != nil {
		panic(err)
	}
	i.bridgeFuncs.Store(name, f.Interface())
	return f.Interface().(F)
}

func (i *Instance) bridgeFunc(name string, t reflect.Type) (reflect.Value, error) {
	target, err := i.bridge(name)
	if err != nil {
		return reflect.Value{}, err
	}
	return i.bindFunc(target, t)
}

// bridge finds a function of a bridge.
func (i *Instance) bridge(name string) (callee, error) {
	for _, b := range i.api.Bridges {
		if b.Name == name {
			return callee{symbol: name, function: b.Func - 1 + wire.FuncCount, Func: &i.api.Funcs[b.Func-1]}, nil
		}
	}
	return callee{}, fmt.Errorf("the module has no bridge %s", name)
}

// bridgeable reports whether the module can serve values of the host's interface t.
func (i *Instance) bridgeable(t reflect.Type) error {
	name := map[reflect.Type]string{handlerType: hosthttp.ServeBridge, fsType: "io/fs.FS.Stat"}[t]
	for _, b := range i.api.Bridges {
		if b.Name == name {
			return nil
		}
	}
	return errors.New("the module's API has no " + t.String())
}
