// Package guestasked asks a value of the host, inside a module, for what the standard library finds
// by type assertion, beside the methods of the interface that the module was given it as. It is a
// package of its own so that a module which asks for nothing does not contain package fmt.
package guestasked

import (
	"fmt"
	"io"

	"github.com/loadgo/load/internal/goglue/guest"
	"github.com/loadgo/load/internal/wire"
)

// JSON is the value as the host's encoding/json writes it. Base is the first of the methods by
// which the value is asked, here and below.
func JSON(h *guest.Host, base int) ([]byte, error) {
	c := h.Begin(base + wire.AskJSON)
	if err := c.Try(); err != nil {
		return nil, err
	}
	text := c.In.Bytes()
	err := c.InError()
	c.Taken()
	return text, err
}

// FromJSON lets the host's encoding/json fill the value.
func FromJSON(h *guest.Host, base int, text []byte) error {
	c := h.Begin(base + wire.AskFromJSON)
	for c.Encoding() {
		c.Out.Bytes(text)
	}
	if err := c.Try(); err != nil {
		return err
	}
	err := c.InError()
	c.Taken()
	return err
}

// Format prints the value as the host's package fmt does.
func Format(h *guest.Host, base int, f fmt.State, verb rune) {
	c := h.Begin(base + wire.AskFormat)
	for c.Encoding() {
		c.Out.String(fmt.FormatString(f, verb))
	}
	if err := c.Try(); err != nil {
		panic(err) // which package fmt prints
	}
	text := c.In.String()
	c.Taken()
	_, _ = io.WriteString(f, text)
}

// Flag reports what a flag says of itself by a method of its own: false if it has none.
func Flag(h *guest.Host, base, method int) bool {
	c := h.Begin(base + method)
	c.Send()
	is := c.In.Bool()
	c.Taken()
	return is
}
