package origin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gitenv"
	"github.com/loadgo/load/internal/procgroup"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/token"
)

// directRepo is a module as its own repository has it. The go command finds that and makes
// versions, go.mod files and zips of it: they are the same as everybody else's by construction. It
// is the go command that will compile the module, it finds the credentials that it always finds
// (GOAUTH, netrc, git's own), and its answers are verified like those of any proxy.
type directRepo struct {
	origin  *Origin
	session *install.Session
	path    string
}

func (o *Origin) direct(session *install.Session, path string) directRepo {
	return directRepo{o, session, path}
}

// listed is what "go list -m -json" prints of a module.
type listed struct {
	Version  string
	Versions []string
	Time     time.Time
	GoMod    string // file
	Origin   repository
	Error    *struct{ Err string }
}

// repository is where the go command found a module.
type repository struct{ URL string }

// admit lets the policies decide about the repository that an import path leads to.
func (r directRepo) admit(found repository) error {
	if found.URL == "" || !r.session.Denies() {
		return nil
	}
	u, err := url.Parse(found.URL)
	if err != nil {
		return r.error("the go command found it at "+found.URL, err)
	}
	return r.session.AdmitURL(u)
}

func (r directRepo) List(ctx context.Context) (versions, pseudo []string, err error) {
	l, err := r.ask(ctx, r.path, "-versions", "-retracted")
	if err != nil {
		return nil, nil, err
	}
	versions, pseudo = ParseList(r.path, strings.Join(l.Versions, "\n"))
	if len(versions) == 0 { // also if there is no such module
		if _, err := r.Latest(ctx); err != nil {
			return nil, nil, err
		}
	}
	return versions, pseudo, nil
}

func (r directRepo) Info(ctx context.Context, revision string) (Info, error) {
	l, err := r.ask(ctx, r.path+"@"+revision, "-retracted")
	if err != nil {
		return Info{}, err
	}
	if module.CanonicalVersion(l.Version) != l.Version || module.Check(r.path, l.Version) != nil {
		return Info{}, r.error("the go command answers with version "+l.Version, nil)
	}
	return Info{Version: l.Version, Time: l.Time}, nil
}

func (r directRepo) Latest(ctx context.Context) (Info, error) { return r.Info(ctx, "latest") }

func (r directRepo) Mod(ctx context.Context, version string) ([]byte, error) {
	l, err := r.ask(ctx, r.path+"@"+version, "-retracted")
	if err != nil {
		return nil, err
	}
	if l.Version != version || l.GoMod == "" {
		return nil, r.error("the go command answers with version "+l.Version, nil)
	}
	return regular.Read(l.GoMod, zip.MaxGoMod)
}

func (r directRepo) Zip(ctx context.Context, version string, f *os.File, _ *install.Receiver) (int64, error) {
	out, err := r.run(ctx, "mod", "download", "-json", r.path+"@"+version)
	var downloaded struct {
		Zip, Dir, Error string
		Origin          repository
	}
	if json.Unmarshal(out, &downloaded) == nil && downloaded.Error != "" {
		return 0, r.explain(downloaded.Error)
	}
	if err != nil {
		return 0, err
	}
	// The go command unpacks what it downloads; nobody needs that here.
	defer os.RemoveAll(downloaded.Dir)
	if err := r.admit(downloaded.Origin); err != nil {
		return 0, err
	}
	from, err := regular.Open(downloaded.Zip)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	if err := f.Truncate(0); err != nil {
		return 0, err
	}
	return io.Copy(f, from)
}

// ask asks the go command about one module or module version.
func (r directRepo) ask(ctx context.Context, query string, flags ...string) (listed, error) {
	out, err := r.run(ctx, slices.Concat([]string{"list", "-m", "-e", "-json"}, flags, []string{query})...)
	if err != nil {
		return listed{}, err
	}
	var l listed
	if err := json.Unmarshal(out, &l); err != nil {
		return listed{}, r.error("the go command answers with what is not JSON", err)
	}
	if l.Error != nil {
		return listed{}, r.explain(l.Error.Err)
	}
	return l, r.admit(l.Origin)
}

// run runs the go command away from every module, proxy and checksum database, with git as the only
// tool for repositories unless GOVCS says otherwise.
func (r directRepo) run(ctx context.Context, args ...string) ([]byte, error) {
	if r.session.Offline {
		return nil, install.ErrOffline
	}
	command, t, err := r.origin.GoCommand()
	if err != nil {
		return nil, err
	}
	cache, err := r.origin.DirectCache()
	if err != nil {
		return nil, err
	}
	select {
	case r.origin.slots <- struct{}{}:
		defer func() { <-r.origin.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = filepath.Join(cache, "work")
	cmd.Env = append(gitenv.Clean(token.Without(os.Environ())),
		"GOMODCACHE="+filepath.Join(cache, "mod"), "GOPROXY=direct", "GONOPROXY=none", "GOSUMDB=off", "GO111MODULE=on",
		"GOFLAGS=-modcacherw", "GOWORK=off", "GOTOOLCHAIN=local", "PWD="+cmd.Dir)
	if t.Env("GOVCS") == "" {
		cmd.Env = append(cmd.Env, "GOVCS=*:git")
	}
	if allowed := os.Getenv("GIT_ALLOW_PROTOCOL"); allowed != "" {
		cmd.Env = append(cmd.Env, "GIT_ALLOW_PROTOCOL="+allowed)
	} else if !module.MatchPrefixPatterns(t.Env("GOINSECURE"), r.path) {
		// The go command follows a page that it got over https to a repository without encryption.
		cmd.Env = append(cmd.Env, "GIT_ALLOW_PROTOCOL=https:ssh:git+ssh:file")
	}
	if r.session.Denies() { // nobody would ask the policies where git is led to
		cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.followRedirects", "GIT_CONFIG_VALUE_0=false")
	}
	defer procgroup.Set(cmd)()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return stdout.Bytes(), r.explain(strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

func (r directRepo) error(reason string, err error) error {
	e := &install.RegistryError{
		URL: "https://" + r.path, Reason: reason, Err: err,
		Fix: "check the spelling, the network, and that git can reach the repository without asking for a password",
	}
	if r.origin.Settings().Direct(r.path) {
		e.Fix = "nobody else is asked about a private module (GOPRIVATE, GONOPROXY); " + e.Fix
	}
	return e
}

// absences are what the go command says of what is not there: only then may another module be the
// one that is meant.
var absences = []string{
	"no matching versions for query", "unknown revision", "no go-import meta tags", "404 Not Found", "410 Gone",
	"invalid github.com import path", "malformed module path", "invalid version: missing ", "invalid version: module contains a go.mod file",
	"Repository not found", "go.mod has post-v", "go.mod has non-",
}

// missingRepository is what git says where a server answers that it has no such repository.
var missingRepository = regexp.MustCompile(`repository '[^']*' not found`)

// urlUser is the user information of a URL, which may come from the configuration of git.
var urlUser = regexp.MustCompile(`://[^/@\s"']*@`)

// discovery is how the go command says where it looked for a repository, which the error tells
// anyway.
var discovery = regexp.MustCompile(`^unrecognized import path "[^"]*": (?:https fetch: Get "[^"]*": |reading [^ ]*: )?`)

// explain makes an error of what the go command says.
func (r directRepo) explain(text string) error {
	text = urlUser.ReplaceAllString(text, "://")
	text = strings.TrimPrefix(text, "go: ")
	if _, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(text, r.path) {
		text = rest // the module, which the error names already
	}
	lines := strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	text = strings.Join(lines, " ")
	if i := strings.LastIndex(text, "fatal: "); i >= 0 { // git's own words, without how it was called
		text = "git: " + text[i+len("fatal: "):]
	}
	if missingRepository.MatchString(text) || slices.ContainsFunc(absences, func(a string) bool { return strings.Contains(text, a) }) {
		return &AbsentError{URL: r.path, Status: text}
	}
	if short := discovery.ReplaceAllString(text, ""); short != "" {
		text = short
	}
	return r.error(text, errors.New(text))
}
