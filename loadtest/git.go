package loadtest

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// GitRepo is a git repository with a work tree, for tests.
type GitRepo struct {
	Dir string
	t   testing.TB
}

// Git makes an empty repository in a directory, whose branch is "main". It skips the test where
// there is no git.
func Git(t testing.TB, dir string) *GitRepo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not in PATH")
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	r := &GitRepo{Dir: dir, t: t}
	r.Run("init", "-q", "-b", "main")
	return r
}

// Run runs a git command in the repository and returns what it prints. Its environment is the same
// on every machine, and so are the commits that it makes.
func (r *GitRepo) Run(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") }),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2024-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2024-01-02T03:04:05Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// Write writes a file of the work tree.
func (r *GitRepo) Write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Commit commits the whole work tree, under the tags, and returns the commit.
func (r *GitRepo) Commit(tags ...string) string {
	r.t.Helper()
	r.Run("add", "-A")
	r.Run("commit", "-q", "--allow-empty", "-m", "work")
	for _, tag := range tags {
		r.Run("tag", tag)
	}
	return r.Run("rev-parse", "HEAD")
}

// GitServer serves git repositories over HTTP on 127.0.0.1, as a hosting service does. It is safe
// for concurrent use.
type GitServer struct {
	// User and Password, where they are set, are asked of every request.
	User, Password string

	mu   sync.Mutex
	auth []string // the Authorization header of each request
	urls []string
}

// Handler returns the handler that serves the repositories below a directory, by git's own server.
func (s *GitServer) Handler(t testing.TB, root string) http.Handler {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Skip("git is not in PATH")
	}
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		t.Skip("git has no server for http: ", err)
	}
	git := &cgi.Handler{Path: backend, Env: []string{
		"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}, Stderr: new(discard)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.auth = append(s.auth, r.Header.Get("Authorization"))
		s.urls = append(s.urls, r.URL.String())
		s.mu.Unlock()
		user, password, _ := r.BasicAuth()
		if s.User != "" && (user != s.User || password != s.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		git.ServeHTTP(w, r)
	})
}

// Start serves the repositories below a directory until the test ends, and returns the server's
// URL.
func (s *GitServer) Start(t testing.TB, root string) string {
	t.Helper()
	server := httptest.NewServer(s.Handler(t, root))
	t.Cleanup(server.Close)
	return server.URL
}

// Authorizations returns the Authorization headers of the requests so far, "" for a request
// without.
func (s *GitServer) Authorizations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.auth)
}

// Requests returns the URLs of the requests so far.
func (s *GitServer) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.urls)
}

// discard takes what git's server says to itself.
type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
