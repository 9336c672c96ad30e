package getter

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/gitenv"
	"github.com/loadgo/load/internal/procgroup"
	"github.com/loadgo/load/internal/token"
)

// gitCommand runs git. It runs it in bare repositories of its own making, so that there is no
// configuration, hook or work tree that came from outside, and hands it URLs and commits that were
// checked before.
type gitCommand struct {
	name  string
	max   int64 // bytes that it may download for a source
	still bool  // it follows no redirects, because nobody would ask the policies where they lead
}

var (
	fullCommit  = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	shortCommit = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
)

// resolve asks a repository for what a ref is there. A tag is before a branch of its name, as for
// git. Dir is an empty directory.
func (g gitCommand) resolve(ctx context.Context, session *install.Session, s *source, dir string) (revision, error) {
	g.still = session.Denies()
	if fullCommit.MatchString(s.ref) {
		return revision{version: s.ref, why: "asked for"}, nil
	}
	from, err := g.repository(ctx, session, s, dir)
	if err != nil {
		return revision{}, g.explain(ctx, s, err)
	}
	out, err := g.run(ctx, s, dir, slices.Concat([]string{"ls-remote", "-q"}, from)...)
	if err != nil {
		return revision{}, g.explain(ctx, s, err)
	}
	refs := parseRefs(out)
	if s.ref == "" || s.ref == "HEAD" {
		if commit := refs["HEAD"]; commit != "" {
			return revision{version: commit, why: "the default branch", changing: s.ref != ""}, nil
		}
		return revision{}, &find.VersionError{Module: s.String(), Reason: "the repository has no default branch", Fix: "name a branch, a tag or a commit: ?ref=REF"}
	}
	tag, branch := "refs/tags/"+s.ref, "refs/heads/"+s.ref
	if commit := refs[tag]; commit != "" {
		return revision{version: commit, why: "the tag " + s.ref}, nil
	}
	if commit := refs[branch]; commit != "" {
		return revision{version: commit, why: "the branch " + s.ref, changing: true}, nil
	}
	e := &find.VersionError{Module: s.String(), Query: s.ref, Reason: "the repository has no branch or tag " + s.ref}
	for ref := range refs {
		if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
			e.Known = append(e.Known, tag)
		}
	}
	slices.Sort(e.Known)
	slices.Reverse(e.Known)
	e.Known = e.Known[:min(len(e.Known), 8)]
	switch {
	case len(refs) == 0:
		e.Fix = "check that it is the URL of a git repository: it shows neither branches nor tags"
	case shortCommit.MatchString(s.ref):
		e.Fix = "a commit is written in full, with 40 digits"
	}
	return revision{}, e
}

// parseRefs reads what ls-remote prints. An annotated tag counts as the commit that it stands for.
func parseRefs(out []byte) map[string]string {
	refs := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		commit, ref, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || !fullCommit.MatchString(commit) {
			continue
		}
		if tag, peeled := strings.CutSuffix(ref, "^{}"); peeled {
			refs[tag] = commit
		} else if refs[ref] == "" {
			refs[ref] = commit
		}
	}
	return refs
}

// get lets the files of a commit in; dir is an empty directory for what git needs to get it.
func (g gitCommand) get(ctx context.Context, session *install.Session, s *source, commit, dir string, tree *gate.Tree) error {
	g.still = session.Denies()
	initialize := []string{"init", "-q", "--bare", "--template="}
	if len(commit) == 64 {
		initialize = append(initialize, "--object-format=sha256")
	}
	if _, err := g.run(ctx, s, dir, initialize...); err != nil {
		return g.explain(ctx, s, err)
	}
	// The files as they are in the commit, whatever the repository says of how to write them.
	info := filepath.Join(dir, "info")
	if err := os.MkdirAll(info, 0o700); err != nil {
		return err
	}
	attributes := "* -export-subst -export-ignore -filter -text -eol -ident -working-tree-encoding\n"
	if err := os.WriteFile(filepath.Join(info, "attributes"), []byte(attributes), 0o600); err != nil {
		return err
	}
	from, err := g.repository(ctx, session, s, dir)
	if err != nil {
		return g.explain(ctx, s, err)
	}
	fetch := []string{"fetch", "-q", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"}
	bounded, check := g.bound(ctx, s, dir)
	_, err = g.run(bounded, s, dir, slices.Concat(fetch, []string{"--depth=1"}, from, []string{commit})...)
	if err != nil && bounded.Err() == nil {
		// Some servers give no commit that they do not advertise: then everything that they do.
		_, err = g.run(bounded, s, dir, slices.Concat(fetch, from, []string{"refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"})...)
	}
	if tooLarge := check(); tooLarge != nil {
		return tooLarge
	}
	if err != nil {
		return g.explain(ctx, s, err)
	}
	if _, err := g.run(ctx, s, dir, "cat-file", "-e", commit+"^{commit}"); err != nil {
		e := &find.VersionError{Module: s.String(), Query: s.ref, Reason: "the repository has no commit " + commit}
		if s.ref != commit {
			e.Reason += ", which was " + cmp.Or(s.ref, "the default branch")
			e.Fix = "somebody rewrote it; if you trust what is there now, `load upgrade` with the name locks that"
		}
		return e
	}
	tree.OmitLinks = true
	return g.archive(ctx, s, commit, dir, tree)
}

// archive hands a commit's files to the gate as git writes them, without a work tree.
func (g gitCommand) archive(ctx context.Context, s *source, commit, dir string, tree *gate.Tree) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd, release := g.command(ctx, s, dir, "archive", "--format=tar", commit)
	defer release()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return g.explain(ctx, s, err)
	}
	refused := tree.Tar(out)
	if refused != nil {
		cancel() // git still writes
	}
	err = cmd.Wait()
	if refused != nil {
		return refused
	}
	if err != nil {
		return g.explain(ctx, s, &gitError{err: err, stderr: stderr.String()})
	}
	return nil
}

// gitError is a run of git that failed.
type gitError struct {
	err    error
	stderr string
}

func (e *gitError) Error() string { return e.reason() }
func (e *gitError) Unwrap() error { return e.err }

// secret is the user information of a URL in a message of git, which may come from the user's
// configuration.
var secret = regexp.MustCompile(`://[^/@\s']*@`)

// reason is what git says, in one line.
func (e *gitError) reason() string {
	said := e.err.Error()
	for line := range strings.Lines(e.stderr) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "fatal: "); ok {
			said = rest
			break
		}
		if line != "" && !strings.HasPrefix(line, "warning: ") {
			said = line
		}
	}
	said = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, said)
	return secret.ReplaceAllString(said, "://")
}

func (g gitCommand) run(ctx context.Context, s *source, dir string, args ...string) ([]byte, error) {
	cmd, release := g.command(ctx, s, dir, args...)
	defer release()
	var stdout, stderr output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, &gitError{err: err, stderr: stderr.String()}
	}
	return stdout.Bytes(), nil
}

// command makes a run of git, which ends with this process. The caller releases it when it has
// ended.
func (g gitCommand) command(ctx context.Context, s *source, dir string, args ...string) (cmd *exec.Cmd, release func()) {
	fixed := []string{
		"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.askPass=", "-c", "gc.auto=0",
		"-c", "protocol.version=2", "-c", "credential.interactive=false", "-c", "core.attributesFile=" + os.DevNull,
	}
	cmd = exec.CommandContext(ctx, g.name, append(fixed, args...)...)
	cmd.Env = append(gitenv.Clean(token.Without(os.Environ())), "GIT_ALLOW_PROTOCOL="+s.url.Scheme, "GIT_LFS_SKIP_SMUDGE=1", "GIT_NO_REPLACE_OBJECTS=1")
	// Not the repository that the directory happens to lie in.
	cmd.Dir, cmd.Env = dir, append(cmd.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if g.still {
		cmd.Args = slices.Insert(cmd.Args, 1, "-c", "http.followRedirects=false")
	}
	if args[0] != "init" && args[0] != "ls-remote" {
		cmd.Env = append(cmd.Env, "GIT_DIR="+dir)
	}
	return cmd, procgroup.Set(cmd)
}

// direct refuses a repository that the configuration of git puts in the place of the one that is
// asked for (url.insteadOf, remote.URL.url). Credentials in the URL are the user's own affair.
func (g gitCommand) direct(ctx context.Context, s *source, at *url.URL, dir string) error {
	out, err := g.run(ctx, s, dir, "ls-remote", "--get-url", "--", at.String())
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(out))
	to, err := url.Parse(text)
	if err == nil && to.Scheme == at.Scheme && to.Host == at.Host && to.Path == at.Path && to.RawQuery == "" && to.Fragment == "" {
		return nil
	}
	return &install.PolicyError{
		Rule:   "the configuration of git",
		Reason: fmt.Sprintf("%s would be fetched from %s", s.where(), secret.ReplaceAllString(text, "://")),
		Fix:    "ask for that URL, or take it out of git's configuration: git config --get-regexp '^(url|remote)[.]'",
	}
}

// explain makes an error of git one for the reader.
func (g gitCommand) explain(ctx context.Context, s *source, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var elsewhere *install.PolicyError
	if errors.Is(err, install.ErrOffline) || errors.As(err, &elsewhere) {
		return err
	}
	if errors.Is(err, exec.ErrNotFound) {
		return &engine.ToolchainError{Reason: "a git repository needs the git command, which is not in PATH", Fix: "install git"}
	}
	reason := err.Error()
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(reason, t) })
	}
	switch {
	case g.still && has("returned error: 301", "returned error: 302", "returned error: 303", "returned error: 307", "returned error: 308"):
		return &install.RegistryError{
			URL: s.where(), Reason: "it leads elsewhere, where git would follow without asking the policies", Err: err,
			Fix: "ask for the repository by the address that it has now",
		}
	case has("No space left on device"):
		return fmt.Errorf("git: %w", syscall.ENOSPC)
	case has("not found", "does not appear to be a git repository", "does not exist"):
		return &find.NotFoundError{
			Name:  s.asked,
			Tried: []find.Tried{{Who: "git", Answer: fmt.Sprintf("there is no repository %s", s.where())}},
			Fix:   "check the spelling; a private repository needs credentials that git finds",
		}
	case has("could not read Username", "could not read Password", "Authentication failed", "Permission denied", "terminal prompts disabled", "returned error: 403"):
		return &install.RegistryError{
			URL: s.where(), Reason: "it wants credentials that git does not have, or does not exist",
			Fix: "check the spelling, and let git find the credentials: netrc file, credential helper or ssh agent", Err: err,
		}
	}
	return &install.RegistryError{
		URL: s.where(), Reason: "git: " + reason, Fix: "check the name and the network, and try again", Err: err,
		Unavailable: has("Could not resolve host", "Failed to connect", "Connection refused", "timed out", "unreachable", "The requested URL returned error: 5"),
	}
}
