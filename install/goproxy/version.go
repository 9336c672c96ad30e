package goproxy

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/query"
)

// choice is the version that a query leads to.
type choice struct {
	origin.Info
	why        string
	deprecated string   // the module's deprecation message
	retracted  string   // why this very version is retracted, "" if it is not
	versions   []string // that were listed, lowest first; nil where nobody asked
	passed     string   // a better version that a policy refuses
	pinned     bool     // the query names this version and no other will do
}

// choose finds the version of a module that a query asks for, by the go command's rules (Go Modules
// Reference, "Version queries"), except that "upgrade" has no current version to start from and is
// "latest". Retracted versions are only for who names them. An [fs.ErrNotExist] means that there is
// no such module; a [*find.VersionError] that it has no such version.
func (r *request) choose(ctx context.Context, only *origin.Proxy, path string, q query.Query) (*choice, error) {
	switch q.Kind() {
	case query.Exact, query.Revision:
		return r.chooseRevision(ctx, only, path, q)
	case query.Patch:
		return nil, &find.VersionError{
			Module: path, Query: q.String(), Reason: "no version is there that @patch could start from", Fix: "ask for @latest or for a version like @v1.2",
		}
	}
	var c *choice
	err := r.in.origin.Each(ctx, r.session, only, path, func(p origin.Repo) (err error) {
		c, err = r.chooseListed(ctx, p, path, q)
		return err
	})
	return c, err
}

// chooseListed chooses among the versions that one registry has.
func (r *request) chooseListed(ctx context.Context, p origin.Repo, path string, q query.Query) (*choice, error) {
	versions, pseudo, err := p.List(ctx)
	if err != nil {
		// Some registries have no list of versions that were asked for by commit alone, but know
		// the latest.
		if errors.Is(err, fs.ErrNotExist) && anyVersion(q) {
			if latest, err2 := p.Latest(ctx); err2 == nil {
				return &choice{Info: latest, why: "the latest commit; no version is released"}, nil
			}
		}
		return nil, err
	}
	newest, err := r.unfiltered(ctx, p, path, versions, pseudo)
	if err != nil {
		return nil, err
	}
	c := &choice{versions: versions}
	withdrawn := r.notices(ctx, path, newest, c)
	allowed := slices.DeleteFunc(slices.Clone(versions), withdrawn.Has)
	allowed = r.withoutIncompatible(ctx, path, q, allowed)
	ranked := q.Rank(allowed)
	v, moved := r.underPath(ctx, path, ranked)
	ok := v != ""
	if ok && r.session.Considerate() {
		var passed string
		if v, passed, err = r.permitted(ctx, p, path, ranked, v); err != nil {
			return nil, err
		}
		c.passed = passed
	}
	switch {
	case ok && anyVersion(q) && semver.Prerelease(v) != "":
		c.why = "the latest pre-release; no version is released"
	case ok && anyVersion(q):
		c.why = "the latest release"
	case ok:
		c.why = "required by the query " + q.String()
	case anyVersion(q) && newest != "" && module.IsPseudoVersion(newest):
		v, c.why = newest, "the latest commit; no version is released"
	default:
		return nil, noVersion(path, q, versions, withdrawn)
	}
	if anyVersion(q) && len(allowed) < len(versions) && withdrawn.Has(versions[len(versions)-1]) {
		c.why += " that is not retracted"
	}
	if c.passed != "" {
		c.why += " that the policy allows"
	}
	if moved != "" {
		c.why += " under this path"
		c.deprecated = "the module has moved to " + moved
	}
	if c.Info, err = p.Info(ctx, v); errors.Is(err, fs.ErrNotExist) {
		// Listed without a description: the version is good, its date is not known.
		c.Info, err = origin.Info{Version: v}, nil
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// mostRefused is how many versions are tried before a policy's refusal is final.
const mostRefused = 50

// permitted returns the best of the ranked versions, from best on, that the policies allow, and the
// better one that was passed over, if any. A pre-release is no replacement for a release that is
// refused.
func (r *request) permitted(ctx context.Context, p origin.Repo, path string, ranked []string, best string) (v, passed string, err error) {
	var refusal error
	for i, v := range ranked[slices.Index(ranked, best):] {
		if i > 0 && (semver.Prerelease(v) == "") != (semver.Prerelease(best) == "") || i == mostRefused {
			break
		}
		if i > 0 {
			if _, err := r.mod(ctx, module.Version{Path: path, Version: v}); err != nil {
				continue // under another path, for example
			}
		}
		known, err := p.Info(ctx, v)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", "", err
		}
		err = r.session.Consider(&install.Release{Package: path, Module: path, Version: v, Time: known.Time})
		if err == nil {
			return v, passed, nil
		}
		if refusal == nil {
			refusal, passed = err, v
		}
	}
	return "", "", refusal
}

// underPath returns the first of the versions whose go.mod file declares the path, and the path
// that the very first one declares where that is another. The go command stops at a module that has
// moved; its last versions under the old path are as good as they were. Another spelling of the
// path is not a move but a mistake, and a version without go.mod declares nothing: the first
// version is returned then, for the error that it leads to.
func (r *request) underPath(ctx context.Context, path string, ranked []string) (version, moved string) {
	for i, v := range ranked {
		f, err := r.mod(ctx, module.Version{Path: path, Version: v})
		var other *pathError
		switch {
		case errors.As(err, &other) && i < 20 && !strings.EqualFold(other.declared, path):
			if i == 0 {
				moved = other.declared
			}
			continue
		case i > 0 && err == nil && !f.Legacy:
			return v, moved
		}
		break
	}
	if len(ranked) == 0 {
		return "", ""
	}
	return ranked[0], ""
}

func anyVersion(q query.Query) bool {
	return q.Kind() == query.Any || q.Kind() == query.Latest || q.Kind() == query.Upgrade
}

// unfiltered is the latest version, retracted or not: its go.mod file speaks for the module.
func (r *request) unfiltered(ctx context.Context, p origin.Repo, path string, versions, pseudo []string) (string, error) {
	latest, _ := query.Parse(string(query.Latest))
	if v, ok := latest.Select(r.withoutIncompatible(ctx, path, latest, versions)); ok {
		return v, nil
	}
	i, err := p.Latest(ctx)
	switch {
	case err == nil:
		return i.Version, nil
	case len(pseudo) > 0:
		return pseudo[len(pseudo)-1], nil
	case errors.Is(err, fs.ErrNotExist), origin.Forbidden(err):
		return "", nil
	}
	return "", err
}

// notices reads what the module's authors say in the go.mod file of its latest version: whether the
// module is deprecated, into c, and which versions are retracted.
// They speak for the old path of a module that was renamed, too, as they do for the go command. A
// file that cannot be had says nothing.
func (r *request) notices(ctx context.Context, path, latest string, c *choice) gomod.Retractions {
	if latest == "" {
		return gomod.Retractions{}
	}
	f, err := r.anyMod(ctx, module.Version{Path: path, Version: latest})
	if err != nil {
		return gomod.Retractions{}
	}
	c.deprecated = f.Deprecated
	return f.Retract
}

// withoutIncompatible leaves "+incompatible" versions out where a compatible one has a go.mod file:
// from there on the authors use modules, and a higher major version has another path. A query for
// such a version keeps them.
func (r *request) withoutIncompatible(ctx context.Context, path string, q query.Query, versions []string) []string {
	if v := q.Version(); v != "" {
		if _, major, ok := module.SplitPathVersion(path); !ok || module.CheckPathMajor(v, major) != nil {
			return versions
		}
	}
	last := ""
	for i, v := range versions {
		switch {
		case strings.HasSuffix(v, "+incompatible"):
			if last == "" {
				continue
			}
			f, err := r.mod(ctx, module.Version{Path: path, Version: last})
			if err == nil && f.Legacy {
				return versions
			}
			return versions[:i]
		case q.Match(v):
			last = v
		}
	}
	return versions
}

// chooseRevision asks for the version, branch or commit that a query names.
func (r *request) chooseRevision(ctx context.Context, only *origin.Proxy, path string, q query.Query) (*choice, error) {
	c := &choice{pinned: true, why: "asked for"}
	if q.Kind() == query.Revision {
		c.why = "the version of " + q.String()
	}
	find := func(revision string) (err error) {
		if canonical := module.CanonicalVersion(revision); canonical == revision {
			c.Info, err = r.in.fetchInfo(ctx, r.session, only, module.Version{Path: path, Version: revision})
			return err
		}
		return r.in.origin.Each(ctx, r.session, only, path, func(p origin.Repo) (err error) {
			c.Info, err = p.Info(ctx, revision)
			return err
		})
	}
	err := find(q.String())
	if canonical := module.CanonicalVersion(q.String()); errors.Is(err, fs.ErrNotExist) && canonical != "" {
		// "+metadata" counts for nothing; a version without go.mod may be listed as
		// "+incompatible".
		if canonical != q.String() {
			err = find(canonical)
		} else if _, major, ok := module.SplitPathVersion(path); ok && major == "" && module.CheckPathMajor(canonical, major) != nil {
			err = find(canonical + "+incompatible")
		}
	}
	// Whether a version is retracted, and which others exist, is good to know and no more.
	var list []string
	_ = r.in.origin.Each(ctx, r.session, only, path, func(p origin.Repo) error {
		versions, pseudo, err := p.List(ctx)
		if err != nil {
			return err
		}
		list = versions
		if newest, err := r.unfiltered(ctx, p, path, versions, pseudo); err == nil && c.Version != "" {
			c.retracted = r.notices(ctx, path, newest, c).Why(c.Version)
		}
		return nil
	})
	if (errors.Is(err, fs.ErrNotExist) || origin.Forbidden(err)) && len(list) > 0 && !slices.Contains(list, q.Version()) {
		return nil, noVersion(path, q, list, gomod.Retractions{})
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// noVersion reports that no version of a module matches.
func noVersion(path string, q query.Query, versions []string, withdrawn gomod.Retractions) error {
	e := &find.VersionError{Module: path, Query: q.String(), Reason: "no version matches " + q.String()}
	if anyVersion(q) {
		e.Reason = "it has no version"
	}
	if q.Kind() == query.Exact {
		e.Reason = "no version " + q.String()
	}
	if q.Kind() == query.Revision {
		e.Reason = "no version, branch or commit " + q.String()
	}
	for i := len(versions) - 1; i >= 0 && len(e.Known) < 8; i-- {
		if !withdrawn.Has(versions[i]) {
			e.Known = append(e.Known, versions[i])
		}
	}
	if len(versions) > 0 && len(e.Known) == 0 {
		e.Reason += "; all are retracted"
		e.Fix = "ask for one of them by its exact version"
	}
	return e
}
