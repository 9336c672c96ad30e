//go:build cgo && linux

package main

import (
	"context"
	"plugin"
)

// linked opens the sample by package plugin.
func (p *place) linked() peer {
	file, err := p.build("guest/linked", nil, "-buildmode=plugin")
	return peer{name: "package `plugin`", apart: "once in a process", why: err, start: func(context.Context) (*running, error) {
		opened, err := plugin.Open(file)
		if err != nil {
			return nil, err
		}
		echo, err := opened.Lookup("Echo")
		if err != nil {
			return nil, err
		}
		fib, err := opened.Lookup("Fib")
		if err != nil {
			return nil, err
		}
		callEcho, callFib := *echo.(*func(string) string), *fib.(*func(int) int)
		return &running{
			func(s string) (string, error) { return callEcho(s), nil }, func(n int) (int, error) { return callFib(n), nil }, func() {},
		}, nil
	}}
}
