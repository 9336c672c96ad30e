package load

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// localToolchain is the value of Config.Toolchain that keeps others from being installed.
const localToolchain = "local"

// checkToolchain returns what is wrong with Config.Toolchain.
func checkToolchain(setting string) error {
	switch {
	case setting == "" || setting == "auto" || setting == localToolchain || version.IsValid(setting):
		return nil
	case strings.ContainsAny(setting, `/\`):
		return &ConfigError{Setting: "Config.Toolchain", Reason: "a directory is set in the engines, such as goprocess.Config.GOROOT, or by package standard"}
	}
	return &ConfigError{Setting: "Config.Toolchain", Reason: fmt.Sprintf(`%q is neither "auto", "local" nor a release such as "go1.26.8"`, setting)}
}

// toolchainAsked returns the release that Config.Toolchain names, "" for none.
func (l *Loader) toolchainAsked() string {
	if version.IsValid(l.config.Toolchain) {
		return l.config.Toolchain
	}
	return ""
}

// keepsToolchain reports whether no toolchain may be installed.
func (l *Loader) keepsToolchain() bool {
	return l.config.Toolchain == localToolchain || slices.ContainsFunc(l.config.Policies, func(p *policy.Policy) bool { return !p.Toolchain().Allowed })
}

// toolchain returns the release of the toolchain that compiles a source with an engine, "" where
// the engine has none: the one that is asked for, or a newer one that the source needs, or the one
// that is here. missing is why that is not here.
func (l *Loader) toolchain(eng engine.Engine, spec *Spec) (release string, missing error) {
	released, ok := eng.(engine.Released)
	if !ok {
		return "", nil
	}
	release, missing = released.Release()
	if asked := l.toolchainAsked(); asked != "" {
		if missing == nil && asked == release {
			return release, nil
		}
		return asked, &ToolchainError{Reason: "Config.Toolchain asks for " + asked, Absent: true}
	}
	if spec.Source.Go == nil || l.keepsToolchain() || !version.IsValid(release) {
		return release, missing
	}
	if needed := releaseNeeded(spec.Source.Go.GoMod); version.Compare(needed, release) > 0 {
		return needed, &ToolchainError{Reason: fmt.Sprintf("%s requires go >= %s (running go %s)", spec.Name, needed[len("go"):], release[len("go"):]), Absent: true}
	}
	return release, missing
}

// releaseNeeded returns the first release that compiles what a go.mod file's "go" line asks for, ""
// where there is no such line.
func releaseNeeded(goMod []byte) string {
	for line := range strings.Lines(string(goMod)) {
		if asked, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok {
			return engine.ReleaseFor(strings.TrimSpace(asked))
		}
	}
	return ""
}

// goroot returns the GOROOT of a release that is missing here, which an installer brings.
func (l *Loader) goroot(ctx context.Context, release string, missing error) (string, error) {
	var absent *ToolchainError
	if !errors.As(missing, &absent) || !absent.Absent || l.config.Toolchain == localToolchain {
		return "", missing
	}
	err := install.Decide(l.config.Policies, (*policy.Policy).Toolchain)
	if err != nil {
		return "", err
	}
	session := l.session()
	session.Offline = session.Offline || l.config.NoInstall
	for _, installer := range l.config.Installers {
		brings, ok := installer.(install.Toolchains)
		if !ok {
			continue
		}
		root, err := brings.Toolchain(ctx, session, release)
		switch {
		case err == nil || context.Cause(ctx) != nil:
			return root, err
		case errors.Is(err, ErrOffline):
			return "", &ToolchainError{Reason: absent.Reason + ", and " + release + " is not in the store", Fix: "load it once with a network, or install Go from https://go.dev/dl", Err: err}
		}
		return "", &ToolchainError{Reason: absent.Reason + ", and " + release + " was not installed: " + err.Error(), Err: err}
	}
	return "", missing
}
