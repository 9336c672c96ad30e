package asgo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"reflect"
	"strconv"
	"time"
	"unsafe"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// comparer compares a graph of values with another one. What is one pointer, map or array in the
// one has to be one in the other.
type comparer struct {
	native, loaded *maker
	to, from       map[unsafe.Pointer]unsafe.Pointer
}

func newComparer(native, loaded *maker) *comparer {
	return &comparer{native: native, loaded: loaded, to: map[unsafe.Pointer]unsafe.Pointer{}, from: map[unsafe.Pointer]unsafe.Pointer{}}
}

// same pairs two addresses; met says that they were paired before, and ok that they are no other's.
func (c *comparer) same(n, l unsafe.Pointer) (met, ok bool) {
	l1, found1 := c.to[n]
	n1, found2 := c.from[l]
	if found1 || found2 {
		return true, found1 && found2 && l1 == l && n1 == n
	}
	c.to[n], c.from[l] = l, n
	return false, true
}

func differ(path string, n, l reflect.Value) string {
	return fmt.Sprintf("%s: native %s, loaded %s", path, text(n, 0), text(l, 0))
}

// values returns the first difference of two lists of values, or "".
func (c *comparer) values(what string, native, loaded []reflect.Value) string {
	if len(native) != len(loaded) {
		return fmt.Sprintf("%ss: native %d, loaded %d", what, len(native), len(loaded))
	}
	for j := range native {
		if d := c.value(fmt.Sprintf("%s %d", what, j), native[j], loaded[j]); d != "" {
			return d
		}
	}
	return ""
}

func (c *comparer) value(path string, n, l reflect.Value) string {
	if n.Kind() == reflect.Interface && l.Kind() == reflect.Interface {
		return c.dynamic(path, n, l)
	}
	if n.Kind() == reflect.Interface && l.Type() == objectType {
		if n.IsNil() != l.IsNil() {
			return differ(path, n, l)
		}
		if n.IsNil() || n.Type() == contextType { // what a context prints is no method of it
			return ""
		}
		n = n.Elem()
	}
	if l.Type() == objectType || n.IsValid() && n.Type() != l.Type() && n.Kind() != l.Kind() {
		if o, ok := l.Interface().(*load.Object); ok && n.Kind() != reflect.Struct && n.Kind() != reflect.Pointer {
			return c.held(path, n, o)
		}
		if text(n, 0) != text(l, 0) {
			return differ(path, n, l)
		}
		return ""
	}
	if n.Type() == timeType {
		return c.time(path, n.Interface().(time.Time), l.Interface().(time.Time))
	}
	switch n.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func:
		if n.IsNil() != l.IsNil() {
			return differ(path, n, l)
		}
		if n.IsNil() {
			return ""
		}
	}
	return c.content(path, n, l)
}

// held compares a named value with one that stays in the module.
func (c *comparer) held(path string, n reflect.Value, o *load.Object) string {
	l := reflect.ValueOf(o)
	if n.Kind() == reflect.Func || text(n, 0) == text(l, 0) {
		return "" // what a function does is compared where it is called
	}
	if v, err := o.Copy(context.Background()); err == nil {
		l = reflect.ValueOf(v)
	}
	if text(n, 0) != text(l, 0) {
		return differ(path, n, l)
	}
	return ""
}

func (c *comparer) content(path string, n, l reflect.Value) string {
	if n.Type() == placeType {
		return c.place(path, n.Interface().(*time.Location), l.Interface().(*time.Location))
	}
	switch n.Kind() {
	case reflect.Pointer:
		met, ok := c.same(n.UnsafePointer(), l.UnsafePointer())
		if n.Type().Elem().Size() == 0 {
			return ""
		} else if !ok {
			return path + ": other pointers are the same: " + differ(path, n, l)
		} else if met {
			return ""
		}
		return c.value(path, n.Elem(), l.Elem())
	case reflect.Struct:
		if hasText(n.Type()) {
			break
		}
		for j := range n.NumField() {
			if n.Type().Field(j).IsExported() {
				if d := c.value(path+"."+n.Type().Field(j).Name, n.Field(j), l.Field(j)); d != "" {
					return d
				}
			}
		}
		return ""
	case reflect.Slice:
		return c.slice(path, n, l)
	case reflect.Array:
		return c.elements(path, n, l)
	case reflect.Map:
		return c.entries(path, n, l)
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(n.Float()) && math.IsNaN(l.Float()) || math.Float64bits(n.Float()) == math.Float64bits(l.Float()) {
			return ""
		}
		return fmt.Sprintf("%s: native %s, loaded %s", path, strconv.FormatFloat(n.Float(), 'g', -1, 64), strconv.FormatFloat(l.Float(), 'g', -1, 64))
	case reflect.String:
		if n.String() == l.String() {
			return ""
		}
	case reflect.Func:
		return "" // what it does is compared where it is called
	}
	if text(n, 0) != text(l, 0) {
		return differ(path, n, l)
	}
	return ""
}

func (c *comparer) slice(path string, n, l reflect.Value) string {
	if n.Len() != l.Len() {
		return differ(path, n, l)
	}
	if n.Type().Elem().Size() > 0 {
		for j := range n.Len() {
			if _, ok := c.same(n.Index(j).Addr().UnsafePointer(), l.Index(j).Addr().UnsafePointer()); !ok {
				return fmt.Sprintf("%s[%d]: an element of another array: %s", path, j, differ(path, n, l))
			}
		}
	}
	return c.elements(path, n, l)
}

func (c *comparer) elements(path string, n, l reflect.Value) string {
	for j := range n.Len() {
		if d := c.value(fmt.Sprintf("%s[%d]", path, j), n.Index(j), l.Index(j)); d != "" {
			return d
		}
	}
	return ""
}

func (c *comparer) entries(path string, n, l reflect.Value) string {
	met, ok := c.same(n.UnsafePointer(), l.UnsafePointer())
	switch {
	case !ok:
		return path + ": other maps are the same: " + differ(path, n, l)
	case met:
		return ""
	case n.Len() != l.Len() || text(n, 0) != text(l, 0):
		return differ(path, n, l)
	case n.Type() != l.Type() || n.Type().Key().Kind() == reflect.Pointer || n.Type().Key().Kind() == reflect.Interface:
		return ""
	}
	for it := n.MapRange(); it.Next(); {
		if other := l.MapIndex(it.Key()); other.IsValid() { // a NaN is found by nobody
			if d := c.value(fmt.Sprintf("%s[%v]", path, it.Key()), it.Value(), other); d != "" {
				return d
			}
		}
	}
	return ""
}

func (c *comparer) time(path string, n, l time.Time) string {
	if !n.Equal(l) || n.Format(time.RFC1123Z+".999999999") != l.Format(time.RFC1123Z+".999999999") || n.Location().String() != l.Location().String() {
		return differ(path, reflect.ValueOf(n), reflect.ValueOf(l))
	}
	return ""
}

// place compares two locations by their names, and by their rules in two seasons.
func (c *comparer) place(path string, n, l *time.Location) string {
	if n.String() != l.String() {
		return fmt.Sprintf("%s: native %s, loaded %s", path, n, l)
	}
	for month := time.January; month <= time.July; month += 6 {
		at := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
		if d := c.time(path, at.In(n), at.In(l)); d != "" {
			return d
		}
	}
	return ""
}

// dynamic compares what two interfaces hold.
func (c *comparer) dynamic(path string, n, l reflect.Value) string {
	if n.IsNil() || l.IsNil() {
		if n.IsNil() != l.IsNil() {
			return differ(path, n, l)
		}
		return ""
	}
	nErr, isErr := n.Interface().(error)
	lErr, isErr2 := l.Interface().(error)
	if isErr && isErr2 {
		return c.error(path, nErr, lErr)
	}
	switch n.Type() {
	case readerType:
		return c.readers(path, n.Interface().(io.Reader), l.Interface().(io.Reader))
	case stringerType:
		return c.value(path, reflect.ValueOf(fmt.Sprint(n)), reflect.ValueOf(fmt.Sprint(l)))
	case writerType:
		if _, ours := n.Interface().(*writer); !ours {
			return "" // what it writes is compared where it is called
		}
	}
	n, l = n.Elem(), l.Elem()
	if l.Type() != objectType && n.Type() != l.Type() {
		return fmt.Sprintf("%s: native type %s, loaded type %s: %s", path, n.Type(), l.Type(), differ(path, n, l))
	}
	return c.value(path, n, l)
}

// readers compares what readers of the module give; those of the host are read ahead, as the guide
// says.
func (c *comparer) readers(path string, n, l io.Reader) string {
	if _, ok := n.(*reader); ok {
		return ""
	}
	nText, nErr := io.ReadAll(io.LimitReader(n, 1<<20))
	lText, lErr := io.ReadAll(io.LimitReader(l, 1<<20))
	if string(nText) != string(lText) {
		return fmt.Sprintf("%s: native reads %.80q, loaded %.80q", path, nText, lText)
	}
	return c.value(path, reflect.ValueOf(&nErr).Elem(), reflect.ValueOf(&lErr).Elem())
}

var sentinels = []error{
	io.EOF, io.ErrUnexpectedEOF, io.ErrShortWrite, io.ErrShortBuffer, io.ErrClosedPipe, io.ErrNoProgress, fs.ErrNotExist, fs.ErrInvalid, fs.ErrExist, context.Canceled, context.DeadlineExceeded,
	strconv.ErrSyntax, strconv.ErrRange, errors.ErrUnsupported,
}

func (c *comparer) error(path string, n, l error) string {
	if n.Error() != l.Error() {
		return fmt.Sprintf("%s: native error %q, loaded %q", path, n, l)
	}
	for _, e := range sentinels {
		if errors.Is(n, e) != errors.Is(l, e) {
			return fmt.Sprintf("%s: errors.Is(%q, %q): native %v, loaded %v", path, n, e, errors.Is(n, e), errors.Is(l, e))
		}
	}
	for j, given := range c.native.errs {
		if j < len(c.loaded.errs) && errors.Is(n, given) != errors.Is(l, c.loaded.errs[j]) {
			return fmt.Sprintf("%s: errors.Is(%q, its argument %q): native %v, loaded %v", path, n, given, errors.Is(n, given), !errors.Is(n, given))
		}
	}
	if of, ok := engine.OfModule(l); ok && of.Type != "" && of.Type != fmt.Sprintf("%T", n) {
		return fmt.Sprintf("%s: native error of type %T, loaded of %s", path, n, of.Type)
	}
	return ""
}
