package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/standard"
)

// builder is what pushes artifacts, as the flags and the environment ask for it.
func (s *session) builder() (*remote.Builder, error) {
	if !s.push || s.key == "" {
		return nil, &usageError{"-push and -key FILE belong together: what is pushed has to be signed"}
	}
	if s.json {
		return nil, &usageError{"-push and -json exclude each other"}
	}
	signer, err := readSigner(s.key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.key, err)
	}
	config, err := standard.Artifacts(load.Config{})
	if err != nil {
		return nil, err
	}
	return remote.NewBuilder(config, signer)
}

// pushAll prepares all that is wanted and sends it to the fleet's repository, one after the other.
func (s *session) pushAll(ctx context.Context, loaders []*load.Loader, list []wanted) error {
	builder, err := s.builder()
	if err != nil {
		return err
	}
	errs := make([]error, len(list))
	for _, l := range loaders {
		prepared := make([]*load.Prepared, len(list))
		_ = prepareAll(list, prepared, errs, func(w wanted) (*load.Prepared, error) { return l.Prepare(ctx, w.name, s.along(), w.option()) })
		for i, p := range prepared {
			if errs[i] != nil || p.Files == nil {
				continue
			}
			pushed, err := builder.Push(ctx, p)
			s.progress.Clear()
			switch {
			case err != nil:
				errs[i] = fmt.Errorf("push %s: %w", p.Spec.Name, err)
			case pushed.There:
				fmt.Fprintf(s.stdout, "%s %s %s: it is there already\n", p.Spec.Name, p.Spec.Version, pushed.Digest)
			default:
				fmt.Fprintf(s.stdout, "%s %s %s: sent %s\n", p.Spec.Name, p.Spec.Version, pushed.Digest, quantity.About(pushed.Bytes))
			}
		}
	}
	s.progress.Clear()
	return errors.Join(errs...)
}
