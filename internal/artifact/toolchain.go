package artifact

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// Roots returns the root of a release of the Go toolchain that an installer brings; absent is why
// it is not here, and the error if no installer brings any.
type Roots func(ctx context.Context, release string, absent *engine.ToolchainError) (root string, err error)

// local is the setting that keeps other toolchains from being installed.
const local = "local"

// CheckToolchain returns what is wrong with Config.Toolchain.
func CheckToolchain(setting string) error {
	switch {
	case setting == "" || setting == "auto" || setting == local || version.IsValid(setting):
		return nil
	case strings.ContainsAny(setting, `/\`):
		return &engine.ConfigError{Setting: "Config.Toolchain", Reason: "a directory is set in the engines, such as goprocess.Config.GOROOT, or by package standard"}
	}
	return &engine.ConfigError{Setting: "Config.Toolchain", Reason: fmt.Sprintf(`%q is neither "auto", "local" nor a release such as "go1.26.8"`, setting)}
}

// Asked returns the release that Config.Toolchain names, "" for none.
func (m *Maker) Asked() string {
	if version.IsValid(m.Toolchain) {
		return m.Toolchain
	}
	return ""
}

// Local reports whether Config.Toolchain or a policy forbids to install a toolchain.
func (m *Maker) Local() bool {
	return m.Toolchain == local || slices.ContainsFunc(m.Policies, func(p *policy.Policy) bool { return !p.Toolchain().Allowed })
}

// release returns the release of the toolchain that compiles a source with an engine, "" if the
// engine has none: the one that is asked for, or a newer one that the source needs, or the one that
// is here. missing is why that is not here.
func (m *Maker) release(eng engine.Engine, spec *find.Spec) (release string, missing error) {
	released, ok := eng.(engine.Released)
	if !ok {
		return "", nil
	}
	release, missing = released.Release()
	if asked := m.Asked(); asked != "" {
		if missing == nil && asked == release {
			return release, nil
		}
		return asked, &engine.ToolchainError{Reason: "Config.Toolchain asks for " + asked, Absent: true}
	}
	if spec.Source.Go == nil || m.Local() || !version.IsValid(release) {
		return release, missing
	}
	if needed := releaseNeeded(spec.Source.Go.GoMod); version.Compare(needed, release) > 0 {
		return needed, &engine.ToolchainError{Reason: fmt.Sprintf("%s requires go >= %s (running go %s)", spec.Name, needed[len("go"):], release[len("go"):]), Absent: true}
	}
	return release, missing
}

// releaseNeeded returns the first release that compiles what a go.mod file's "go" line asks for, ""
// if there is no such line.
func releaseNeeded(goMod []byte) string {
	for line := range strings.Lines(string(goMod)) {
		if asked, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok {
			return engine.ReleaseFor(strings.TrimSpace(asked))
		}
	}
	return ""
}

// root returns the root of a release that is missing here.
func (m *Maker) root(ctx context.Context, release string, missing error) (string, error) {
	var absent *engine.ToolchainError
	if !errors.As(missing, &absent) || !absent.Absent || m.Toolchain == local {
		return "", missing
	}
	if err := install.Decide(m.Policies, (*policy.Policy).Toolchain); err != nil {
		return "", err
	}
	return m.GOROOT(ctx, release, absent)
}
