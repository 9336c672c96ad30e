package load

import "reflect"

// Method binds a method of the object to the Go function type F, as [Func] binds a function. The
// result keeps the object.
func Method[F any](o *Object, name string) (F, error) {
	var f F
	v, err := o.Bind(name, reflect.TypeFor[F]())
	if err != nil {
		return f, err
	}
	return v.Interface().(F), nil
}

// As makes an object a value of a standard interface that it implements in its module: io.Reader,
// io.Writer, io.Closer and their combinations, fs.FS, http.Handler, fmt.Stringer or sort.Interface.
// The result keeps the object.
func As[T any](o *Object) (T, error) {
	var value T
	v, err := o.Adapt(reflect.TypeFor[T]())
	if err != nil {
		return value, err
	}
	return v.Interface().(T), nil
}
