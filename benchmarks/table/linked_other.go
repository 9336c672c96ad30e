//go:build !cgo || !linux

package main

import "errors"

// linked says that package plugin is unavailable.
func (p *place) linked() peer {
	return peer{name: "package `plugin`", why: errors.New("it needs cgo and Linux")}
}
