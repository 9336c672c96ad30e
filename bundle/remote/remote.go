// Package remote keeps what one host of a fleet compiled in an OCI registry, for the others, so that
// each module is compiled once:
//
//	artifacts oci://registry.example.com/team/artifacts signed-by builder+5f1c3a2b+AbC…
//
// is the rule of a policy by which a host asks there before it compiles, and takes what that key
// signed. The registry is trusted with nothing: an artifact is asked for by the hash of its sources,
// its compiler and its system, and its signature says that the files are those of that very key.
// Who can write to the repository can make artifacts disappear, and nothing else.
//
// Under the tag of a key lies a manifest, whose layers are the files. A second manifest refers to
// it and holds the signature, a signed note as `load sign` makes them.
package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/policy"
)

// Config says where artifacts are, and by whose signature they are trusted.
type Config struct {
	// Places are repositories, written oci://REGISTRY/REPOSITORY, that are asked in order; those
	// that the policies name where there are none.
	Places []string

	// Policies hold the keys. If several have rules about artifacts, one needs a signature for
	// each; if none has, none is trusted, and [New] refuses to make a remote that only reads.
	Policies []*policy.Policy

	OCI oci.Config // how registries are asked; Retries and Stall count for a [Builder] only

	// Wait is how long a question takes at most, and how long a transfer may stand still; 0 is 5
	// seconds. Files take a second more for each 256 KiB. A [Builder] does not wait so.
	Wait time.Duration
	// Pause is for how long a registry that did not answer is not asked again; 0 is a minute.
	Pause time.Duration
}

const (
	slowest  = 256 << 10 // bytes a second
	maxFiles = 256
	maxBytes = 4 << 30 // of all files
)

// Remote implements [engine.Remote]. It is safe for concurrent use.
type Remote struct {
	config Config
	places []*place
	held   sync.Map // key → *found, between Release and Fetch
}

var _ engine.Remote = (*Remote)(nil)

// place is a repository.
type place struct {
	*oci.Repository
	name string
	down atomic.Pointer[outage]
}

// outage is why a registry is not asked for a while.
type outage struct {
	until time.Time
	err   error
}

// Named reports whether policies name a place of artifacts.
func Named(policies []*policy.Policy) bool {
	return slices.ContainsFunc(policies, func(p *policy.Policy) bool { return len(p.Artifacts) > 0 })
}

// New returns a remote. It does no I/O.
func New(config Config) (*Remote, error) {
	if !Named(config.Policies) {
		return nil, &engine.ConfigError{
			Setting: "Config.Remote", Reason: "no policy says whose signature is trusted; add the rule \"artifacts oci://REPOSITORY signed-by KEY\" to one",
		}
	}
	config.Wait = cmp.Or(config.Wait, 5*time.Second)
	config.OCI.Retries, config.OCI.Stall = -1, config.Wait
	return open(config)
}

func open(config Config) (*Remote, error) {
	config.Pause = cmp.Or(config.Pause, time.Minute)
	config.OCI.MaxBytes = cmp.Or(config.OCI.MaxBytes, maxBytes)
	config.Policies, config.Places = slices.Clone(config.Policies), slices.Clone(config.Places)
	if len(config.Places) == 0 {
		for _, p := range config.Policies {
			for _, s := range p.Artifacts {
				if !slices.Contains(config.Places, s.URL) {
					config.Places = append(config.Places, s.URL)
				}
			}
		}
	}
	r := &Remote{config: config}
	session := &install.Session{Policies: config.Policies}
	in := oci.New(config.OCI)
	for _, name := range config.Places {
		reference, ok := strings.CutPrefix(name, registry.Scheme)
		if !ok || strings.ContainsAny(path.Base(reference), ":@") {
			return nil, &engine.ConfigError{Setting: "Config.Remote", Reason: fmt.Sprintf("%q is not written oci://REGISTRY/REPOSITORY", name)}
		}
		repository, _, err := in.Repository(session, reference)
		if err == nil {
			err = session.AdmitURL(repository.URL())
		}
		if err != nil {
			return nil, &engine.ConfigError{Setting: "Config.Remote", Reason: err.Error(), Err: err}
		}
		r.places = append(r.places, &place{Repository: repository, name: name})
	}
	return r, nil
}

// String names the places.
func (r *Remote) String() string {
	var names []string
	for _, p := range r.places {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// Release implements [engine.Remote].
func (r *Remote) Release(ctx context.Context, s engine.Sought) (release, key string, err error) {
	if s.AnyRelease == "" {
		return "", "", find.ErrNotFound
	}
	f, err := r.find(ctx, s.AnyRelease, s, func(m *manifest) error { return m.fits(s, "") })
	if err != nil {
		return "", "", err
	}
	r.held.Store(f.key(), f)
	return f.Annotations[releaseNote], f.key(), nil
}

// Fetch implements [engine.Remote].
func (r *Remote) Fetch(ctx context.Context, s engine.Sought, dir string) error {
	if held, ok := r.held.LoadAndDelete(s.Key); ok {
		return r.write(ctx, held.(*found), dir)
	}
	f, err := r.find(ctx, s.Key, s, func(m *manifest) error { return m.fits(s, s.Key) })
	if err != nil {
		return err
	}
	return r.write(ctx, f, dir)
}

// find asks the places in order for what is trusted under a tag.
func (r *Remote) find(ctx context.Context, tag string, s engine.Sought, fits func(*manifest) error) (*found, error) {
	var errs []error
	for _, p := range r.places {
		var f *found
		err := p.bounded(ctx, r.config.Wait, r.config.Pause, func(ctx context.Context) (err error) {
			f, err = r.trusted(ctx, p, tag, s, fits)
			return err
		})
		if err == nil {
			return f, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !errors.Is(err, find.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil, find.ErrNotFound
	}
	return nil, errors.Join(errs...)
}

// bounded asks a place, unless it did not answer a short while ago.
func (p *place) bounded(ctx context.Context, wait, pause time.Duration, ask func(context.Context) error) error {
	if down := p.down.Load(); down != nil && time.Now().Before(down.until) {
		return &DownError{Place: p.name, Until: down.until, Err: down.err}
	}
	slow := &install.RegistryError{URL: p.name, Reason: fmt.Sprintf("it did not answer within %s", wait), Fix: "check the registry and the network", Unavailable: true}
	bounded, cancel := context.WithTimeoutCause(ctx, wait, slow)
	defer cancel()
	err := ask(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(err, install.ErrUnavailable) {
		p.down.Store(&outage{time.Now().Add(pause), err})
	}
	return err
}

// write fetches the files of what was found, and the voucher.
func (r *Remote) write(ctx context.Context, f *found, dir string) error {
	wait := r.config.Wait + time.Duration(f.size()/slowest)*time.Second
	return f.at.bounded(ctx, wait, r.config.Pause, func(ctx context.Context) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		defer root.Close()
		for _, file := range f.Layers {
			if err := f.at.file(ctx, root, file); err != nil {
				return err
			}
		}
		return root.WriteFile(engine.Voucher, f.voucher(), 0o600)
	})
}

// Vouched implements [engine.Remote]. A key that expired meanwhile still vouches for what it brought;
// one that no policy has any more does not.
func (r *Remote) Vouched(key string, data []byte) error {
	f, err := readVoucher(data)
	if err == nil && f.key() != key {
		err = errors.New("it is about another artifact")
	}
	if err == nil {
		err = r.decide(f, time.Time{})
	}
	if err == nil {
		return nil
	}
	return &UntrustedError{Place: r.String(), Reason: err.Error(), Err: err}
}

// decide lets the policies that have rules about artifacts decide about what was found.
func (r *Remote) decide(f *found, now time.Time) error {
	if !Named(r.config.Policies) {
		return &install.PolicyError{Rule: "artifacts", Reason: "no policy says whose signature is trusted"}
	}
	return install.Decide(r.config.Policies, func(p *policy.Policy) policy.Decision {
		if len(p.Artifacts) == 0 {
			return policy.Decision{Allowed: true}
		}
		var refused policy.Decision
		for i, signed := range f.signatures {
			d := p.Artifact(f.key(), f.digest, signed, now)
			if d.Allowed {
				return d
			}
			if i == 0 {
				refused = d
			}
		}
		if len(f.signatures) == 0 {
			refused = p.Artifact(f.key(), f.digest, nil, now)
			refused.Reason = "nobody signed it"
		}
		return refused
	})
}
