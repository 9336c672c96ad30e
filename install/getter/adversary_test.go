package getter_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGitAmbiguous: of what a ref could be, the tag counts, as for git; a commit is never a branch
// of its name.
func TestGitAmbiguous(t *testing.T) {
	t.Parallel()
	r := loadtest.Git(t, filepath.Join(t.TempDir(), "r"))
	r.Write("init.star", "x = 'first'\n")
	first := r.Commit()
	r.Write("init.star", "x = 'second'\n")
	second := r.Commit()
	r.Run("tag", "both", first)
	r.Run("tag", "-a", "-m", "annotated", "noted", first)
	r.Run("tag", "-a", "-m", "a tag of a tag", "twice", "noted")
	r.Run("tag", "tree", "HEAD^{tree}")
	treeObject := r.Run("rev-parse", "tree")
	for _, branch := range []string{"both", first, "refs/tags/both", "HEAD", "-x"} {
		r.Run("update-ref", "refs/heads/"+branch, second)
	}
	in := getter.New(getter.Config{Netrc: "off"})
	at := "git::file://" + r.Dir
	for ref, want := range map[string]string{"both": first, first: first, "noted": first, "twice": first, "HEAD": second, "main": second} {
		release, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), at+"?ref="+ref)
		require.NoError(t, err, ref)
		assert.Equal(t, want, release.Version, ref)
		assert.Equal(t, want, spec.Version, ref)
	}
	for ref, want := range map[string]string{
		"-x":             "invalid module name: its ref \"-x\" holds what no branch, tag or commit can",
		"@":              "the repository has no branch or tag @\n\tknown versions: twice, tree, noted, both",
		"heads/main":     "the repository has no branch or tag heads/main\n\tknown versions: twice, tree, noted, both",
		"noted%5E%7B%7D": "invalid module name: its ref \"noted^{}\" holds what no branch, tag or commit can",
		"main.lock":      "the repository has no branch or tag main.lock\n\tknown versions: twice, tree, noted, both",
		"tree":           "the repository has no commit " + treeObject + ", which was tree\n\tsomebody rewrote it; if you trust what is there now, `load upgrade` with the name locks that",
	} {
		s := loadtest.OpenStore(t)
		_, _, err := bring(t.Context(), t, in, s, at+"?ref="+ref)
		assert.EqualError(t, err, want, ref)
		empty(t, s.Dir())
	}
}

// empty checks that no source got into a store.
func empty(t *testing.T, dir string) {
	t.Helper()
	for _, sub := range []string{"src", "sources"} {
		entries, _ := os.ReadDir(filepath.Join(dir, sub))
		assert.Zero(t, len(entries))
	}
}

// TestGitSHA256: a repository of the newer kind.
func TestGitSHA256(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "r")
	require.NoError(t, os.Mkdir(dir, 0o755))
	outer := loadtest.Git(t, filepath.Join(t.TempDir(), "outer"))
	outer.Run("init", "-q", "-b", "main", "--object-format=sha256", dir)
	r := loadtest.Git(t, dir)
	r.Write("init.star", "x = 1\n")
	commit := r.Commit("v1")
	require.Lenf(t, commit, 64, "git made the commit %s, which is not one of SHA-256", commit)
	release, _, err := bring(t.Context(), t, getter.New(getter.Config{Netrc: "off"}), loadtest.OpenStore(t), "git::file://"+dir+"?ref=v1")
	require.NoError(t, err)
	assert.Equal(t, commit, release.Version)
}

// TestGitLiar: a server that answers with something else than what it was asked for.
func TestGitLiar(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r := loadtest.Git(t, filepath.Join(root, "r"))
	r.Write("init.star", "x = 1\n")
	commit := r.Commit("v1")
	real := new(loadtest.GitServer).Handler(t, root)
	forged := strings.Repeat("1", 40)
	lie := func(w http.ResponseWriter, r *http.Request, from, to string) {
		recorded := httptest.NewRecorder()
		real.ServeHTTP(recorded, r)
		for key, values := range recorded.Header() {
			w.Header()[key] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(recorded.Code)
		_, _ = w.Write([]byte(strings.ReplaceAll(recorded.Body.String(), from, to)))
	}
	elsewhere := httptest.NewServer(real)
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repository, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		r.URL.Path = "/r/" + rest
		switch repository {
		case "commit": // says that the tag is another commit, which it does not have
			lie(w, r, commit, forged)
		case "option":
			lie(w, r, "refs/tags/v1", "refs/tags/-x")
		case "moved":
			http.Redirect(w, r, elsewhere.URL+"/r/"+rest+"?"+r.URL.RawQuery, http.StatusFound)
		case "file":
			http.Redirect(w, r, "file://"+root+"/r/"+rest+"?"+r.URL.RawQuery, http.StatusFound)
		case "html":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>log in</html>"))
		case "cut":
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			_, _ = w.Write([]byte("001e# service=git-upload-pack\n0000"))
		case "forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "down":
			w.WriteHeader(http.StatusBadGateway)
		default:
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	const retry = "\n\tcheck the name and the network, and try again"
	for name, want := range map[string]string{
		"moved":     "",
		"commit":    "URL/commit: git: remote error: upload-pack: not our ref " + forged + retry,
		"option":    "the repository has no branch or tag v1\n\tknown versions: -x",
		"file":      `URL/file: git: unable to access 'URL/file/': Protocol "file" not supported or disabled in libcurl` + retry,
		"html":      "the repository has no branch or tag v1\n\tcheck that it is the URL of a git repository: it shows neither branches nor tags",
		"cut":       "URL/cut: git: Could not read from remote repository." + retry,
		"forbidden": "URL/forbidden: it wants credentials that git does not have, or does not exist\n\tcheck the spelling, and let git find the credentials: netrc file, credential helper or ssh agent",
		"down":      "URL/down: git: unable to access 'URL/down/': The requested URL returned error: 502" + retry,
	} {
		s := loadtest.OpenStore(t)
		_, spec, err := bring(t.Context(), t, in, s, "git::"+server.URL+"/"+name+"?ref=v1")
		if want == "" {
			require.NoError(t, err, name)
			assert.Equal(t, commit, spec.Version, name)
			continue
		}
		got := "accepted"
		if err != nil {
			got = strings.ReplaceAll(err.Error(), server.URL, "URL")
		}
		assert.Equal(t, want, got, name)
		empty(t, s.Dir())
	}
}

// TestGitNoProgram: what the configuration of a repository on this machine says runs nothing, and
// neither do its alternates lead anywhere that the module's files would come from.
func TestGitNoProgram(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	marker := filepath.Join(root, "ran")
	other := loadtest.Git(t, filepath.Join(root, "other"))
	other.Write("init.star", "x = 'other'\n")
	other.Commit()
	r := loadtest.Git(t, filepath.Join(root, "r"))
	r.Write("init.star", "x = 1\n")
	r.Commit("v1")
	for key, value := range map[string]string{
		"core.fsmonitor": "touch " + marker, "core.sshCommand": "touch " + marker, "core.gitProxy": "touch " + marker, "core.pager": "touch " + marker,
		"uploadpack.packObjectsHook": "touch " + marker, "credential.helper": "!touch " + marker, "core.hooksPath": root, "include.path": filepath.Join(root, "included"),
		"tar.tar.command": "touch " + marker, "alias.upload-pack": "!touch " + marker, "core.worktree": root, "core.editor": "touch " + marker,
		"remote.origin.uploadpack": "touch " + marker, "protocol.ext.allow": "always",
	} {
		r.Run("config", key, value)
	}
	info := filepath.Join(r.Dir, ".git", "objects", "info")
	require.NoError(t, os.MkdirAll(info, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(info, "alternates"), []byte(filepath.Join(other.Dir, ".git", "objects")+"\n"), 0o600))
	in := getter.New(getter.Config{Netrc: "off"})
	_, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), "git::file://"+r.Dir+"?ref=v1")
	require.NoError(t, err)
	data, err := fs.ReadFile(spec.Source.FS, "init.star")
	assert.Equal(t, "x = 1\n", string(data))
	assert.NoError(t, err)
	_, err = os.Stat(marker)
	assert.Error(t, err)
}
