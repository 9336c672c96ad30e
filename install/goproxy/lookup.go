package goproxy

import (
	stdzip "archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/query"
)

// Resolve finds the module that holds a package, and its version. It implements
// [install.Installer].
//
// What it reads is not verified yet, because nothing of it is built from: [Installer.Install]
// verifies all.
func (in *Installer) Resolve(ctx context.Context, session *install.Session, name find.Name) (*install.Release, error) {
	started := time.Now()
	r := in.newRequest(ctx, session, nil)
	defer r.close()
	q, err := query.Parse(name.Query)
	if err != nil {
		return nil, &find.VersionError{Module: name.Target, Query: name.Query, Reason: err.Error(), Fix: "ask for @latest, @v1.2 or @v1.2.3"}
	}
	path, c, err := r.lookup(ctx, name, q)
	if err != nil {
		return nil, explain(err, name.Target)
	}
	m := module.Version{Path: path, Version: c.Version}
	if err := r.checkGo(ctx, m, c); err != nil {
		return nil, err
	}
	release := &install.Release{
		Name: name, Package: name.Target, Module: path, Version: c.Version, Time: c.Time, Why: c.why,
		Origin: in.String(), Deprecated: c.deprecated, Retracted: c.retracted,
	}
	if c.retracted != "" {
		release.Deprecated = c.retracted
	}
	if release.Deprecated != "" {
		session.Emit(event.Deprecated{Module: path, Version: c.Version, Message: release.Deprecated})
	}
	session.Emit(event.Resolved{Name: name.String(), Module: path, Version: c.Version, Why: c.why, Took: time.Since(started)})
	return release, nil
}

// candidate is a module path that may hold the package, and what the registry says about it.
type candidate struct {
	path   string
	choice *choice
	err    error
}

// lookup finds the module that holds a package. As by the go command, one after the other is asked
// who may have it: those that the private ones among its prefixes belong to, and then each entry of
// GOPROXY about all the others. The next is asked only where the one before has none of them.
func (r *request) lookup(ctx context.Context, name find.Name, q query.Query) (string, *choice, error) {
	var asked []candidate
	for _, t := range r.in.turns(r.session, alike(r.session, prefixes(name.Target), name.Target)) {
		path, c, err := r.ask(ctx, t.only, name, q, t.candidates)
		if c != nil || ctx.Err() != nil || err != nil && !t.onError {
			return path, c, err
		}
		asked = append(asked, t.candidates...)
		if !t.onError && slices.ContainsFunc(t.candidates, func(c candidate) bool { return !errors.Is(c.err, fs.ErrNotExist) }) {
			break
		}
	}
	return "", nil, r.notFound(ctx, name, asked)
}

// turn is whom to ask about which candidates.
type turn struct {
	only       *origin.Proxy // the entry of GOPROXY that is asked; nil for what is private
	candidates []candidate
	onError    bool // the next turn comes on any error
}

// turns lists who is asked about the candidates, one after the other.
func (in *Installer) turns(session *install.Session, candidates []candidate) []turn {
	s := in.settings()
	var private, public []candidate
	for _, c := range candidates {
		if owner(session, c.path) != "" || s.Direct(c.path) {
			private = append(private, c)
		} else {
			public = append(public, c)
		}
	}
	var turns []turn
	for _, p := range s.Sources {
		if len(public) > 0 {
			turns = append(turns, turn{only: &p, candidates: slices.Clone(public)})
		}
	}
	if len(private) > 0 {
		turns = append(turns, turn{candidates: private})
	}
	switch {
	case len(public) == 0:
	case s.ProxiesErr != nil:
		turns = append(turns, turn{candidates: public})
	default:
		for _, p := range s.Proxies {
			turns = append(turns, turn{only: &p, candidates: slices.Clone(public), onError: p.OnError})
		}
	}
	return turns
}

// ask finds, among the candidates, the longest that contains the package; a nil choice is none. All
// are asked for at a time, and a prefix that is no module costs nothing but its request. A refusal
// (403) of one prefix does not hide another that exists, because registries refuse what they do not
// know; it is reported where nothing else is found.
func (r *request) ask(ctx context.Context, only *origin.Proxy, name find.Name, q query.Query, candidates []candidate) (string, *choice, error) {
	var wg sync.WaitGroup
	for i := range candidates {
		wg.Go(func() {
			c := &candidates[i]
			if c.choice, c.err = r.choose(ctx, only, c.path, q); c.err == nil {
				_, c.err = r.mod(ctx, module.Version{Path: c.path, Version: c.choice.Version})
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return "", nil, context.Cause(ctx)
	}
	var found []candidate
	for _, c := range candidates {
		switch {
		case c.err == nil:
			found = append(found, c)
		case len(found) == 0 && c.blocking():
			return "", nil, c.err
		}
	}
	for i, c := range found {
		if i == len(found)-1 {
			return c.path, c.choice, nil
		}
		ok, err := r.contains(ctx, only, module.Version{Path: c.path, Version: c.choice.Version}, name.Target)
		if err != nil {
			return "", nil, err
		}
		if ok {
			return c.path, c.choice, nil
		}
	}
	return "", nil, nil
}

// prefixes lists the module paths that can hold a package, longest first.
func prefixes(pkg string) []candidate {
	var out []candidate
	for path := pkg; path != ""; {
		if _, _, ok := module.SplitPathVersion(path); ok && module.CheckPath(path) == nil {
			out = append(out, candidate{path: path})
		}
		i := strings.LastIndexByte(path, '/')
		path = path[:max(i, 0)]
	}
	return out
}

// blocking reports whether what happened to a longer prefix forbids to take a shorter one: it may
// well be there, and someone who can disturb a connection must not choose which module is taken. A
// refusal counts as absence, and so does a module that declares another path, which is one's old or
// misspelled name.
func (c candidate) blocking() bool {
	var registry *install.RegistryError
	var other *pathError
	var policy *install.PolicyError
	switch {
	case errors.As(c.err, &policy):
		return true
	case errors.As(c.err, &other):
		return false
	case c.choice != nil:
		return true
	case errors.Is(c.err, fs.ErrNotExist), origin.Forbidden(c.err):
		return false
	}
	return errors.As(c.err, &registry)
}

// contains reports whether a module has Go files in a package's directory. It is asked only where
// several modules could hold the package, which is rare, and looks into the zip without unpacking
// it.
func (r *request) contains(ctx context.Context, only *origin.Proxy, m module.Version, pkg string) (bool, error) {
	temp, err := r.temp()
	if err != nil {
		return false, err
	}
	receiver := r.session.Receive(m.Path, m.Version, "zip")
	f, size, err := r.fetchZip(ctx, only, m, temp, receiver)
	receiver.End()
	if err != nil {
		return false, about(m, err)
	}
	defer f.Close()
	z, err := stdzip.NewReader(f, size)
	if err != nil {
		return false, about(m, modzip.Bad(err.Error()))
	}
	dir := m.String() + strings.TrimPrefix(pkg, m.Path) + "/"
	for _, file := range z.File {
		if rest, ok := strings.CutPrefix(file.Name, dir); ok && !strings.Contains(rest, "/") && strings.HasSuffix(rest, ".go") {
			return true, nil
		}
	}
	return false, nil
}

// notFound explains why no module was found, by the answer that helps most: a version that does not
// exist in a module that does, a refusal, a module that broke, and only then absence.
func (r *request) notFound(ctx context.Context, name find.Name, candidates []candidate) error {
	var best error
	rank := 0
	paths := make([]string, 0, len(candidates))
	for _, c := range candidates {
		if !slices.Contains(paths, c.path) {
			paths = append(paths, c.path)
		}
		var version *find.VersionError
		var registry origin.RefusedError
		now := 1
		switch {
		case errors.As(c.err, &version):
			now = 4
		case !errors.Is(c.err, fs.ErrNotExist):
			now = 3
		case errors.As(c.err, &registry):
			now = 2
		}
		if now > rank {
			best, rank = c.err, now
		}
	}
	if rank > 1 {
		return best
	}
	if owner, ok := r.session.Owner(name.Target); ok && len(paths) > 0 {
		return &find.NotFoundError{
			Name:  name.String(),
			Tried: []find.Tried{{Who: "registry " + owner.Name, Answer: fmt.Sprintf("no such module: %s; nobody else was asked (%s)", strings.Join(paths, ", "), owner.Rule)}},
			Fix:   "check the spelling, or ask the operator of " + owner.URL + " for the module",
		}
	}
	e := &find.NotFoundError{Name: name.String(), Fix: "check the spelling: a wrong import path is never corrected by itself"}
	s := r.in.settings()
	var private []string // of which no proxy hears
	paths = slices.DeleteFunc(paths, func(path string) bool {
		direct := s.Direct(path)
		if direct {
			private = append(private, path)
		}
		return direct
	})
	if len(private) > 0 {
		e.Tried = append(e.Tried, find.Tried{Who: "direct", Answer: "no such module: " + strings.Join(private, ", ") + " (private: no proxy is asked)"})
	}
	for _, p := range s.Proxies {
		if len(paths) == 0 {
			break
		}
		t := find.Tried{Who: p.String(), Answer: "no such module: " + strings.Join(paths, ", ")}
		switch p.Word {
		case "off":
			t.Answer = "no further registry"
		}
		e.Tried = append(e.Tried, t)
	}
	if len(candidates) == 0 {
		e.Tried = []find.Tried{{Who: r.in.String(), Answer: fmt.Sprintf("no module path can be made of %q", name.Target)}}
	}
	return e
}
