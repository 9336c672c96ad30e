package goglue

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wire"
)

// hostSentinels are the errors of the standard library that cross as themselves, by the names that
// standardSentinels has for them.
var hostSentinels = map[string]error{
	"bufio.ErrTooLong": bufio.ErrTooLong, "bufio.ErrBufferFull": bufio.ErrBufferFull,
	"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	"errors.ErrUnsupported": errors.ErrUnsupported,
	"io.EOF":                io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrClosedPipe": io.ErrClosedPipe,
	"io.ErrShortWrite": io.ErrShortWrite, "io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrNoProgress": io.ErrNoProgress,
	"io/fs.ErrInvalid": fs.ErrInvalid, "io/fs.ErrPermission": fs.ErrPermission, "io/fs.ErrExist": fs.ErrExist,
	"io/fs.ErrNotExist": fs.ErrNotExist, "io/fs.ErrClosed": fs.ErrClosed, "io/fs.SkipDir": fs.SkipDir, "io/fs.SkipAll": fs.SkipAll,
	"net.ErrClosed": net.ErrClosed, "net/http.ErrAbortHandler": http.ErrAbortHandler, "net/http.ErrServerClosed": http.ErrServerClosed,
	"net/http.ErrHandlerTimeout": http.ErrHandlerTimeout, "net/http.ErrBodyNotAllowed": http.ErrBodyNotAllowed,
	"net/http.ErrNotSupported": http.ErrNotSupported, "net/http.ErrNoCookie": http.ErrNoCookie, "net/http.ErrNoLocation": http.ErrNoLocation,
	"net/http.ErrUseLastResponse": http.ErrUseLastResponse,
	"os.ErrDeadlineExceeded":      os.ErrDeadlineExceeded, "os.ErrProcessDone": os.ErrProcessDone,
	"strconv.ErrRange": strconv.ErrRange, "strconv.ErrSyntax": strconv.ErrSyntax,
}

// encodeError encodes an error of the host: a sentinel by its name, an error that came from the module as what it
// was there, and every other one as a reference, so that it can come back. The forms are at guest's Call.InError.
func (i *Instance) encodeError(e *wire.Encoder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		if v.IsNil() {
			e.Byte(wire.TagNil)
			return
		}
	}
	err := v.Interface().(error)
	var matches []string
	for name, sentinel := range hostSentinels {
		if isComparable(err) && err == sentinel {
			e.Byte(wire.TagText)
			e.String(name)
			e.String(err.Error())
			return
		}
		if errors.Is(err, sentinel) {
			matches = append(matches, name)
		}
	}
	if own, ok := err.(*engine.ModuleError); ok && own.Module == i.name {
		switch {
		case own.Sentinel != "":
			e.Byte(wire.TagText)
			e.String(own.Sentinel)
			e.String(own.Message)
			return
		case own.Object != nil && i.owns(own.Object):
			i.encodeObject(e, reflect.ValueOf(own.Object))
			return
		}
	}
	i.give(e, &hostValue{value: reflect.ValueOf(err), identity: identify(errorType, reflect.ValueOf(err))}, nil)
	e.String(err.Error())
	e.Len(len(matches), false)
	for _, name := range matches {
		e.String(name)
	}
}

func isComparable(err error) bool { return reflect.TypeOf(err).Comparable() }

// owns tells whether an object belongs to this module.
func (i *Instance) owns(o *engine.Object) bool {
	if o == nil {
		return false
	}
	ref, ok := o.Ref().(*object)
	return ok && ref.instance == i
}

// decodeError decodes an error of the module, in the forms at guest's Call.Error.
func (i *Instance) decodeError(d *incoming, v reflect.Value) {
	if err := i.takeError(d); err != nil {
		v.Set(reflect.ValueOf(err))
	} else {
		v.SetZero()
	}
}

// matchSize is what one of the sentinels that an error matches takes.
const matchSize = 32

func (i *Instance) takeError(d *incoming) error {
	if !d.Enter() {
		return nil
	}
	defer d.Leave()
	switch d.Byte() {
	case wire.TagNil:
		return nil
	case wire.TagHost:
		if own := i.given(d.Uint()); own != nil {
			if err, ok := own.value.Interface().(error); ok {
				return err
			}
		}
		d.Fail(wire.ErrTag)
		return nil
	case wire.TagValue:
	default:
		d.Fail(wire.ErrTag)
		return nil
	}
	if !d.Charge(objectSize) {
		return nil
	}
	err := &engine.ModuleError{Module: i.name, Message: d.String(), Type: d.String(), Sentinel: d.String()}
	if handle := d.Uint(); handle != 0 {
		o := &object{instance: i, handle: handle, typ: int(d.UintN(31))}
		if o.typ == 0 {
			o.name = err.Type
		}
		if o.typ >= len(i.api.Types) {
			d.Fail(wire.ErrTag)
			return nil
		}
		err.Object = engine.NewObject(o)
	}
	for n := d.Uint(); n > 0 && d.Charge(matchSize) && d.Err() == nil; n-- {
		err.Matches = append(err.Matches, d.String())
	}
	for n := d.Uint(); n > 0 && d.Err() == nil; n-- {
		if inner := i.takeError(d); inner != nil {
			err.Wrapped = append(err.Wrapped, inner)
		}
	}
	if d.Err() != nil {
		return nil
	}
	if sentinel, ok := hostSentinels[err.Sentinel]; ok {
		return sentinel
	}
	for _, name := range err.Matches {
		if sentinel, ok := hostSentinels[name]; ok {
			err.Wrapped = append(err.Wrapped, sentinel)
		}
	}
	return err
}
