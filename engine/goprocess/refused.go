package goprocess

import (
	"path/filepath"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/attempt"
)

// judge returns the refusal if the sandbox refused an attempt of its module, or nil. Only what is
// in force and not granted was refused by it, and only what the host itself may do: everything else
// fails without a sandbox, too.
func (p *process) judge(a attempt.Attempt) *engine.Refusal {
	switch a.Op {
	case "dial", "listen", "lookup":
		if p.inForce("network") && !p.config.Network {
			return attempt.OfNetwork(a, "")
		}
	case "fork/exec":
		if a.Denied && p.inForce("programs") && !p.config.Programs && permits(a.Path, mayExecute) {
			return &engine.Refusal{Kind: "programs", What: "start " + a.Path}
		}
	case "open", "mkdir", "remove", "unlinkat", "rmdir", "truncate":
		if a.Denied && p.inForce("files") && filepath.IsAbs(a.Path) {
			return p.judgeFile(a)
		}
	}
	return nil
}

// inForce reports whether a measure of the isolation is.
func (p *process) inForce(name string) bool {
	for _, m := range p.child.Isolation().Measures {
		if m.Name == name {
			return m.InForce
		}
	}
	return false
}

// judgeFile judges an attempt on a file. What cannot be read at all was to be read; what can was to
// be changed.
func (p *process) judgeFile(a attempt.Attempt) *engine.Refusal {
	path, exists := real(a.Path)
	dir := filepath.Dir(path)
	switch {
	case path == "" || within(path, p.config.ReadWrite):
		return nil
	case a.Op == "open" && exists && !within(path, p.config.ReadOnly):
		if permits(path, mayRead) {
			return &engine.Refusal{Kind: "read", What: "open " + a.Path, Path: path}
		}
	case (a.Op == "open" || a.Op == "truncate") && exists:
		if permits(path, mayRead|mayWrite) {
			return &engine.Refusal{Kind: "write", What: a.Op + " " + a.Path + " to write", Path: path}
		}
	case permits(dir, mayWrite|mayExecute):
		return &engine.Refusal{Kind: "write", What: strings.TrimSuffix(a.Op, "at") + " " + a.Path, Path: dir}
	}
	return nil
}

// real returns a path without links, or "", and whether the file exists; its directory has to.
func real(path string) (string, bool) {
	if path, err := filepath.EvalSymlinks(path); err == nil {
		return path, true
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, filepath.Base(path)), false
}

// within reports whether a path without links is one of the places or lies in one.
func within(path string, places []string) bool {
	for _, place := range places {
		if place, err := filepath.EvalSymlinks(place); err == nil {
			if rest, err := filepath.Rel(place, path); err == nil && filepath.IsLocal(rest) {
				return true
			}
		}
	}
	return false
}
