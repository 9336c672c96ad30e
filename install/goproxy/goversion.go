package goproxy

import (
	"context"
	"fmt"
	"go/version"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/importgraph"
)

// checkGo compares the "go" line of a module with the toolchain. For a version that was not asked
// for by name, the error tells which older one would do.
func (r *request) checkGo(ctx context.Context, m module.Version, c *choice) error {
	f, err := r.mod(ctx, m)
	if err != nil {
		return err
	}
	e := r.tooOld(ctx, m, f.GoVersion)
	if e == nil {
		return nil
	}
	if c == nil {
		return e
	}
	e.Reason = strings.TrimPrefix(e.Reason, m.Path+"@") // the load names the module
	if c.pinned {
		return e
	}
	tries := 0
	for i := len(c.versions) - 1; i >= 0 && tries < 10; i-- {
		v := c.versions[i]
		if semver.Compare(v, m.Version) >= 0 || semver.Prerelease(v) != "" {
			continue
		}
		tries++
		old, err := r.mod(ctx, module.Version{Path: m.Path, Version: v})
		if err == nil && r.compiler.tooOld(m, old.GoVersion) == nil {
			e.Fix += ", or ask for @" + v + ", which requires less"
			return e
		}
	}
	return e
}

// tooOld is [compiler.tooOld], unless a newer toolchain can be brought: the rest of the request is
// then for that one. Nothing else of the request may be under way.
func (r *request) tooOld(ctx context.Context, m module.Version, goVersion string) *find.VersionError {
	e := r.compiler.tooOld(m, goVersion)
	if e == nil || !r.brings || r.session.Toolchain != "" {
		return e
	}
	newer := engine.ReleaseFor(goVersion)
	if r.in.lacksToolchain(ctx, r.session, newer) {
		return e
	}
	r.compiler = compiler{version: newer}
	r.scan = importgraph.New(r.in.config.GOOS, r.in.config.GOARCH, newer)
	return nil
}

// tooOld returns an error where a module's "go" line asks for more than the toolchain. One that was
// built from Go's own repository is as new as can be.
func (c compiler) tooOld(m module.Version, goVersion string) *find.VersionError {
	if !version.IsValid(c.version) || version.Compare("go"+goVersion, c.version) <= 0 {
		return nil
	}
	return &find.VersionError{
		Module: m.Path, Query: m.Version,
		Reason: fmt.Sprintf("%s requires go >= %s (running go %s)", m, goVersion, c.release()),
		Fix:    "install a newer Go from https://go.dev/dl",
	}
}
