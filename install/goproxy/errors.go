package goproxy

import (
	"context"
	"errors"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/store"
)

// moduleError says which module of a graph an error is about, once.
type moduleError struct {
	mod module.Version
	err error
}

func (e *moduleError) Error() string {
	if e.mod.Path == "" {
		return e.mod.Version + ": " + e.err.Error()
	}
	return e.mod.String() + ": " + e.err.Error()
}

func (e *moduleError) Unwrap() error { return e.err }

// about names the module that an error is about, unless the error does it itself.
func about(m module.Version, err error) error {
	var sum *install.ChecksumError
	var known *moduleError
	if errors.As(err, &sum) || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var absent *origin.AbsentError
	if errors.As(err, &absent) {
		fix := "the registry lacks a module that is needed; set GOPROXY to another"
		if absent.Registry != "" {
			fix = "the registry " + absent.Registry + " lacks a module that is needed and that it owns: nobody else was asked"
		}
		err = &install.RegistryError{URL: absent.URL, Reason: absent.Status, Fix: fix, Err: err}
	}
	return &moduleError{m, err}
}

// error explains a missing import as the go command would.
func (m missing) error(main *gomod.Main, cause error) error {
	e := &importError{path: m.path, by: m.by, mod: m.mod, err: cause}
	switch {
	case main != nil && main.Vendor != nil:
		e.err = errors.New("it is not in the vendor directory of " + main.Vendor.Root())
		e.fix = main.Vendor.Fix()
	case main != nil:
		e.fix = "add it to the local module: go get " + m.path
	}
	return e
}

// importError reports an import that leads nowhere, or to several places.
type importError struct {
	path string         // what is imported
	by   string         // by which package, "" where it was asked for
	mod  module.Version // of which module
	err  error          // why, or nil
	fix  string

	companion bool // it is not imported but asked for beside another package
}

func (e *importError) Error() string {
	s := "package " + e.path
	if e.companion {
		s = "companion " + e.path
	} else if e.by != "" {
		s += ", imported by " + e.by
		if e.mod.Version != "" {
			s += " (" + e.mod.String() + ")"
		}
	}
	if e.err != nil {
		s += ": " + e.err.Error()
	} else {
		s += ": no required module provides it"
	}
	if e.fix != "" {
		s += "\n\t" + e.fix
	}
	return s
}

func (e *importError) Unwrap() error { return e.err }

var errNotStandard = errors.New("it is not in the standard library")

// explain makes an error of the work one for the caller: the load names its own module, and an
// import that leads nowhere, though everything could be asked, means that the package cannot be
// compiled.
func explain(err error, path string) error {
	var imp *importError
	if errors.As(err, &imp) && !known(imp.err) {
		fix := imp.fix
		imp.fix = ""
		return &engine.CompileError{Reason: imp.Error(), Fix: fix}
	}
	about, ok := err.(*moduleError)
	if !ok || about.mod.Path != path {
		return err
	}
	var registry *install.RegistryError
	if errors.As(about.err, &registry) && registry.URL == "" {
		return &moduleError{module.Version{Version: about.mod.Version}, about.err}
	}
	return about.err
}

// known reports whether an error has one of the types that a program can tell apart, or is the
// context's.
func known(err error) bool {
	var (
		registry *install.RegistryError
		sum      *install.ChecksumError
		version  *find.VersionError
		disk     *store.WriteError
		policy   *install.PolicyError
	)
	return errors.As(err, &policy) || errors.As(err, &registry) || errors.As(err, &sum) || errors.As(err, &version) || errors.As(err, &disk) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
