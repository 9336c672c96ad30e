// Package forward makes functions that lead to others, and structs of functions, by reflection.
package forward

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// Func makes a function of type t that calls what get returns. What get fails with is the
// trailing error, or a panic.
func Func(t reflect.Type, get func(context.Context) (reflect.Value, error)) reflect.Value {
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		f, err := get(firstContext(t, args))
		if err != nil {
			return failing(t, err)
		}
		if t.IsVariadic() {
			return f.CallSlice(args)
		}
		return f.Call(args)
	})
}

// firstContext returns the context that the arguments begin with, or the background.
func firstContext(t reflect.Type, args []reflect.Value) context.Context {
	if len(args) > 0 && t.In(0) == reflect.TypeFor[context.Context]() {
		if ctx, ok := args[0].Interface().(context.Context); ok {
			return ctx
		}
	}
	return context.Background()
}

// failing makes results of a function type with an error, or panics with it if there is no place
// for it.
func failing(t reflect.Type, err error) []reflect.Value {
	n := t.NumOut()
	if n == 0 || t.Out(n-1) != reflect.TypeFor[error]() {
		panic(err)
	}
	results := make([]reflect.Value, n)
	for i := range results {
		results[i] = reflect.Zero(t.Out(i))
	}
	results[n-1] = reflect.ValueOf(&err).Elem()
	return results
}

// Struct sets every exported field of api to what bind returns for it, or none of them. Its errors
// name the fields.
func Struct(api reflect.Value, bind func(symbol string, t reflect.Type) (reflect.Value, error)) error {
	var errs []error
	bound := make(map[int]reflect.Value)
	for i := range api.NumField() {
		field := api.Type().Field(i)
		symbol, tagged := field.Tag.Lookup("load")
		if !tagged {
			symbol = field.Name
		}
		if !field.IsExported() || symbol == "-" {
			continue
		}
		v, err := bind(symbol, field.Type)
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", field.Name, err))
			continue
		}
		bound[i] = v
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for i, v := range bound {
		api.Field(i).Set(v)
	}
	return nil
}
