package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/standard"
)

const aboutRegistries = `
A reference is written REGISTRY/REPOSITORY:TAG, as in registry.example.com/team/modules:2026-11.
Credentials are those of docker login. Parts that are there already are not sent or fetched again, and what
broke off goes on where it was.`

func pushCommand() command {
	return command{
		name:  "push",
		args:  "[options] REFERENCE NAME...",
		short: "put compiled packages and scripts into an OCI registry",
		long: `
Push makes a bundle of the packages and scripts, as bundle does, and sends it to a registry. Programs load
from there with LOAD_BUNDLE=oci://REFERENCE. Nothing is sent where a package cannot be had.

With -modules, push sends the sources of Go modules to repositories below oci://REGISTRY/REPOSITORY,
from where the rule "registry NAME oci://REGISTRY/REPOSITORY PREFIX" of a policy lets programs load them.
A version that is there is never replaced.
` + aboutRegistries,
		flags: func(f *pflag.FlagSet, o *options) {
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "put in what these `systems` need instead of this one")
			o.sourcesFlag(f)
			f.BoolVar(&o.modules, "modules", false, "send Go modules, each MODULE@VERSION, for a policy's registry oci://…")
		},
		run:   runPush,
		lists: true,
	}
}

func runPush(ctx context.Context, s *session, args []string) error {
	if len(args) < 2 {
		return &usageError{"it takes REFERENCE and at least one NAME"}
	}
	config, err := s.registries()
	if err != nil {
		return err
	}
	if s.modules {
		return standard.PublishModules(ctx, s.config(""), args[0], args[1:], func(p *goproxy.Published) { fmt.Fprintln(s.stdout, p) })
	}
	data, prepared, err := s.makeBundle(ctx, args[1:])
	if err != nil {
		return err
	}
	f, err := bundle.FileOf(data)
	if err != nil {
		return err
	}
	copied, err := registry.Push(ctx, f, registry.Scheme+strings.TrimPrefix(args[0], registry.Scheme), config)
	if err != nil {
		return err
	}
	if err := list(s, versions(prepared)); err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, copied.Line("sent"))
	return nil
}

func pullCommand() command {
	return command{
		name:  "pull",
		args:  "-o FILE [options] REFERENCE",
		short: "fetch a bundle from an OCI registry into a file",
		long: `
Pull fetches what push sent, for all systems, into the file of a bundle. What a broken pull has fetched is
kept in FILE.part for the next.
` + aboutRegistries,
		flags: func(f *pflag.FlagSet, o *options) {
			o.copyFlags(f)
			f.StringVar(&o.bundle, "o", "", "write the bundle to this `file`")
		},
		run: func(ctx context.Context, s *session, args []string) error {
			if len(args) != 1 || s.bundle == "" {
				return &usageError{"it takes -o FILE and one REFERENCE"}
			}
			return s.copy(ctx, registry.Scheme+strings.TrimPrefix(args[0], registry.Scheme), s.bundle, "fetched")
		},
	}
}

func copyCommand() command {
	return command{
		name:  "copy",
		args:  "[options] FROM TO",
		short: "copy a bundle between files and OCI registries",
		long: `
Copy copies a bundle as it is. FROM and TO are the file of a bundle, or oci://REFERENCE.
` + aboutRegistries,
		flags: func(f *pflag.FlagSet, o *options) { o.copyFlags(f) },
		run: func(ctx context.Context, s *session, args []string) error {
			if len(args) != 2 {
				return &usageError{"it takes FROM and TO"}
			}
			return s.copy(ctx, args[0], args[1], "copied")
		},
	}
}

// copyFlags are the flags of commands that copy.
func (o *options) copyFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.verbose, "v", false, "print what happens to the standard error")
	o.timeoutFlag(f)
}

func (s *session) copy(ctx context.Context, from, to, verb string) error {
	config, err := s.registries()
	if err != nil {
		return err
	}
	copied, err := registry.Copy(ctx, from, to, config)
	if err != nil {
		return err
	}
	s.progress.Clear()
	fmt.Fprintln(s.stdout, copied.Line(verb))
	return nil
}

// registries is how registries are asked: as the environment says, and told to the terminal.
func (s *session) registries() (registry.Config, error) {
	config, err := standard.Registries(load.Config{Events: s.sink(), Offline: s.offline})
	config.Progress = s.progress.Copied
	return config, err
}
