package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Standard returns an error of the standard library.
func Standard(kind string) error {
	var err error
	switch kind {
	case "path":
		err = &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	case "link":
		err = &os.LinkError{Op: "link", Old: "a", New: "b", Err: fs.ErrExist}
	case "number":
		_, err = strconv.Atoi("9x")
	case "url":
		err = &url.Error{Op: "Get", URL: "u", Err: os.ErrDeadlineExceeded}
	case "time":
		_, err = time.Parse(time.DateOnly, "soon")
	case "nil":
		err = (*fs.PathError)(nil)
	}
	return err
}

// StandardIn wraps it.
func StandardIn(kind string) error { return fmt.Errorf("in: %w", Standard(kind)) }

// List is an error that is each of its parts.
type List []error

func (l List) Error() string { return fmt.Sprint([]error(l)) }

func (l List) Is(target error) bool {
	for _, err := range l {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func NewList(errs ...error) error { return List(errs) }

// Alike is every error with the same text.
type Alike struct{ text string }

func (a *Alike) Error() string        { return a.text }
func (a *Alike) Is(target error) bool { return strings.EqualFold(a.text, target.Error()) }

func NewAlike(text string) error { return fmt.Errorf("in: %w", &Alike{text}) }

type slow struct{ late bool }

func (s slow) Error() string   { return "slow" }
func (s slow) Timeout() bool   { return s.late }
func (s slow) Temporary() bool { return !s.late }

func NewSlow(late bool) error { return fmt.Errorf("in: %w", slow{late}) }
