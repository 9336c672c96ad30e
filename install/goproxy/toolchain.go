package goproxy

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/store"
)

// A Go toolchain is a module, golang.org/toolchain, of which each release for each system is a
// version (Go Toolchains, "Download and cache"): it is found, fetched and verified as any other.

// toolchainKind is the kind of source under which the store lists toolchains.
const toolchainKind = "toolchain"

var _ install.Toolchains = (*Installer)(nil)

// toolchainModule is the module version that holds a release for this machine.
func toolchainModule(release string) module.Version {
	return module.Version{Path: "golang.org/toolchain", Version: "v0.0.1-" + release + "." + runtime.GOOS + "-" + runtime.GOARCH}
}

// brings reports whether a toolchain is brought where the one that is here is missing, or too old:
// not in the place of one that does not work. GOTOOLCHAIN has the last word about it, unless the
// program asks for a release.
func (in *Installer) brings(s *install.Session, missing error) bool {
	var absent *engine.ToolchainError
	if s.LocalToolchain || missing != nil && !(errors.As(missing, &absent) && absent.Absent) {
		return false
	}
	t, _ := in.tools.Find()
	setting := t.Env("GOTOOLCHAIN")
	return s.Toolchain != "" || setting != "local" && setting != "path" && !strings.HasSuffix(setting, "+path")
}

// lacksToolchain reports whether it is known that a release cannot be brought: it is not in the
// store, and the registry does not have it.
func (in *Installer) lacksToolchain(ctx context.Context, s *install.Session, release string) bool {
	m := toolchainModule(release)
	if module.Check(m.Path, m.Version) != nil {
		return true
	}
	if s.Store != nil {
		if record, err := s.Store.SourceRecord(m.String()); record != nil && err == nil {
			return false
		}
	}
	_, err := in.fetchInfo(ctx, s, nil, m)
	return errors.Is(err, fs.ErrNotExist)
}

// Toolchain implements [install.Toolchains].
func (in *Installer) Toolchain(ctx context.Context, session *install.Session, release string) (string, error) {
	m := toolchainModule(release)
	if err := module.Check(m.Path, m.Version); err != nil {
		return "", &engine.ToolchainError{Reason: release + " is no release of Go", Err: err}
	}
	if !in.brings(session, nil) {
		return "", &engine.ToolchainError{Reason: "none is to be installed, says GOTOOLCHAIN or the program", Fix: "set GOTOOLCHAIN=auto to let it be installed"}
	}
	r := in.newRequest(ctx, session, session.Store)
	defer r.close()
	root, err := "", r.admitAge(ctx, m) // of one that the store has, too
	if err == nil {
		root, err = in.keptToolchain(session.Store, m)
	}
	if root == "" && err == nil {
		root, err = r.fetchToolchain(ctx, m)
	}
	if err != nil {
		return "", about(m, err)
	}
	return root, nil
}

// keptToolchain returns where the store has a toolchain, "" if it has none that is whole. It is
// read once in the life of an installer.
func (in *Installer) keptToolchain(s *store.Store, m module.Version) (string, error) {
	record, err := s.SourceRecord(m.String())
	if record == nil || err != nil {
		return "", err
	}
	dir, err := s.SourceDir(record.Sum)
	if dir == "" || err != nil {
		return "", err
	}
	if _, trusted := in.trusted.Load(dir); !trusted {
		if whole, err := s.VerifySource(record.Sum); !whole || err != nil {
			return "", err
		}
		in.trusted.Store(dir, true)
	}
	return dir, nil
}

// fetchToolchain brings a toolchain into the store. The processes that want it at a time wait for
// the first one.
func (r *request) fetchToolchain(ctx context.Context, m module.Version) (string, error) {
	in, session := r.in, r.session
	unlock, err := session.Store.Lock(ctx, "toolchain/"+m.Version)
	if err != nil {
		return "", err
	}
	defer unlock()
	if root, err := in.keptToolchain(session.Store, m); root != "" || err != nil {
		return root, err
	}
	if err := session.Admit(find.ModuleVersion{Path: m.Path, Version: m.Version}, -1); err != nil {
		return "", err
	}
	if !in.checked(session, m.Path) { // the go command refuses it, too
		return "", &engine.ToolchainError{
			Reason: "GOSUMDB, GONOSUMDB, GOPRIVATE or a registry of the policy keeps it from being verified by a checksum database",
			Fix:    "change that, or install Go from https://go.dev/dl",
		}
	}
	if _, err := r.db(); err != nil { // before 70 MB are fetched
		return "", err
	}
	staged, err := r.verified(ctx, m)
	if err != nil {
		return "", err
	}
	if err := makeToolchain(staged.dir); err != nil {
		return "", writeError(err)
	}
	sum, err := store.HashTree(staged.dir, "")
	if err != nil {
		return "", err
	}
	dir, err := session.Store.PutSource(ctx, staged.dir, sum)
	if err != nil {
		return "", err
	}
	in.trusted.Store(dir, true)
	return dir, session.Store.PutSourceRecord(&store.SourceRecord{
		Name: m.String(), Source: m.Path, Version: m.Version, Why: "the release of Go that was needed", Origin: in.String(), Sum: sum, Kind: toolchainKind,
	})
}

// makeToolchain makes a toolchain of what its module holds, as the go command does: programs may be
// executed, and go.mod files, which no module can hold of others, get their names.
func makeToolchain(root string) error {
	for _, dir := range []string{"bin", filepath.Join("pkg", "tool")} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return os.Chmod(path, 0o755)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "_go.mod" {
			return err
		}
		return os.Rename(path, filepath.Join(filepath.Dir(path), "go.mod"))
	})
}
