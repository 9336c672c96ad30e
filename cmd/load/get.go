package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/loadgo/load"
)

func getCommand() command {
	return command{
		name:  "get",
		args:  "[options] NAME...",
		short: "install and compile packages, without running them",
		long: `
Get installs each package with everything that it imports and compiles it, so that loading it later needs
no network and no compiler. It prints the name and the version of each. A package that cannot be had does
not keep the others from being installed; the exit code is 1 then.

With -shared, all users of the machine may start what is in the store; those who are not its owner only
where the superuser is that, as in a container image.

With -push, what was compiled goes, signed with the key of -key, to the repository of LOAD_REMOTE or of the
policy's rule "artifacts oci://REPOSITORY signed-by KEY", from where the other hosts of a fleet take it.
` + aboutInstantiations,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			o.loadFlags(f)
			o.withFlag(f)
			o.targetFlag(f, "install and compile for these `systems` instead of this one")
			f.BoolVar(&o.shared, "shared", false, "let every user of this machine read the store and start what is in it")
			f.BoolVar(&o.push, "push", false, "send what was compiled to the fleet's repository")
			f.StringVar(&o.key, "key", "", "sign it with the private key in this `file`, made by load sign -new")
		},
		takes:    some,
		run:      runGet,
		lists:    true,
		complete: completeNames,
	}
}

func runGet(ctx context.Context, s *session, args []string) error {
	loaders, err := s.loadersFor(ctx, s.lockFile())
	if err != nil {
		return err
	}
	defer s.closeAll(ctx, loaders)
	wants := wantedOf(args)
	if s.push || s.key != "" {
		return s.pushAll(ctx, loaders, wants)
	}
	specs, errs := make([]*load.Spec, len(wants)), make([]error, len(wants))
	for _, l := range loaders { // one after the other: each compiles on all processors
		_ = prepareAll(wants, specs, errs, func(w wanted) (*load.Spec, error) { return l.Install(ctx, w.name, s.along(), w.option()) })
	}
	if s.shared {
		st, err := openStore()
		if err == nil {
			err = st.Share(ctx)
		}
		errs = append(errs, err)
	}
	var got []versioned
	for i, spec := range specs {
		if errs[i] == nil && wants[i].instance == "" {
			got = append(got, versioned{Name: spec.Name, Version: spec.Version})
		}
	}
	return errors.Join(append(errs, list(s, got))...)
}
