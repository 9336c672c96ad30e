package getter_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rules makes a repository with two tagged versions and a branch.
func rules(t *testing.T, dir string) (r *loadtest.GitRepo, first, second string) {
	t.Helper()
	r = loadtest.Git(t, dir)
	r.Write("tax/init.star", "rate = 1\n")
	first = r.Commit("v1.0.0")
	r.Write("tax/init.star", "rate = 2\n")
	r.Write("other.star", "x = 1\n")
	second = r.Commit()
	r.Run("tag", "-a", "-m", "annotated", "v2.0.0")
	r.Run("branch", "dev")
	return r, first, second
}

// install resolves and installs a name.
func bring(ctx context.Context, t *testing.T, in *getter.Installer, s *store.Store, name string) (*install.Release, *find.Spec, error) {
	t.Helper()
	return bringIn(ctx, t, in, &install.Session{Store: s}, name)
}

// bringIn is bring in a session.
func bringIn(ctx context.Context, t *testing.T, in *getter.Installer, session *install.Session, name string) (*install.Release, *find.Spec, error) {
	t.Helper()
	release, err := in.Resolve(ctx, session, loadtest.Name(t, name))
	if err != nil {
		return nil, nil, err
	}
	spec, err := in.Install(ctx, session, release)
	return release, spec, err
}

func TestGitRefs(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, first, second := rules(t, filepath.Join(root, "rules.git"))
	server := new(loadtest.GitServer)
	at := "git::" + server.Start(t, root) + "/rules.git"
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	for _, test := range []struct{ name, commit, why, text string }{
		{"//tax", second, "the default branch", "rate = 2\n"},
		{"//tax?ref=v1.0.0", first, "the tag v1.0.0", "rate = 1\n"},
		{"//tax?ref=v2.0.0", second, "the tag v2.0.0", "rate = 2\n"},
		{"//tax?ref=dev", second, "the branch dev", "rate = 2\n"},
		{"//tax/init?ref=" + first, first, "asked for", "rate = 1\n"},
		{"//other.star", second, "the default branch", "x = 1\n"},
	} {
		release, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), at+test.name)
		if !assert.NoError(t, err, test.name) {
			continue
		}
		assert.Equal(t, test.commit, release.Version, test.name)
		assert.Equal(t, test.why, release.Why, test.name)
		assert.Equal(t, strings.Contains(test.why, "the branch"), release.Changing, test.name)
		data, err := fs.ReadFile(spec.Source.FS, spec.Source.File)
		assert.Equal(t, test.text, string(data), test.name)
		require.NoError(t, err, test.name)
		assert.Equal(t, test.commit, spec.Version, test.name)
		assert.Equal(t, find.KindStarlark, spec.Source.Kind, test.name)
		_, err = os.Stat(filepath.Join(spec.Source.Dir, "..", ".git"))
		assert.Error(t, err, test.name)
	}
}

// TestGitErrors: what a user reads.
func TestGitErrors(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r, first, _ := rules(t, filepath.Join(root, "rules.git"))
	loadtest.Git(t, filepath.Join(root, "empty.git"))
	server := new(loadtest.GitServer)
	url := server.Start(t, root)
	private := (&loadtest.GitServer{User: "me", Password: "secret"}).Start(t, root)
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	_ = r
	gone := strings.Repeat("0", 39) + "1"
	for _, test := range []struct{ name, want string }{
		{"git::URL/none.git", "not found\n\tgit: there is no repository URL/none.git\n\tcheck the spelling; a private repository needs credentials that git finds"},
		{"git::URL/rules.git?ref=v3", "the repository has no branch or tag v3\n\tknown versions: v2.0.0, v1.0.0"},
		{"git::URL/rules.git?ref=" + first[:10], "the repository has no branch or tag " + first[:10] + "\n\tknown versions: v2.0.0, v1.0.0\n\ta commit is written in full, with 40 digits"},
		{"git::URL/rules.git?ref=" + gone, "the repository has no commit " + gone},
		{"git::URL/empty.git", "the repository has no default branch\n\tname a branch, a tag or a commit: ?ref=REF"},
		{"git::URL/rules.git", "not found\n\tgetter: it holds no Go files, no init.star and no single .star or .wasm file\n\tname one of its directories: //tax"},
		{"git::URL/rules.git//taxs?ref=v1.0.0", "not found\n\tgetter: there is no taxs in URL/rules.git\n\tdid you mean //tax?\n\tcheck the spelling of what follows //"},
		{"git::PRIVATE/rules.git", "PRIVATE/rules.git: it wants credentials that git does not have, or does not exist\n\tcheck the spelling, and let git find the credentials: netrc file, credential helper or ssh agent"},
	} {
		name := strings.NewReplacer("URL", url, "PRIVATE", private).Replace(test.name)
		if strings.HasSuffix(test.name, "rules.git") && strings.Contains(test.name, "URL") {
			r.Run("rm", "-q", "-f", "other.star")
			r.Commit()
		}
		_, _, err := bring(t.Context(), t, in, loadtest.OpenStore(t), name)
		if !assert.Error(t, err, test.name) {
			continue
		}
		got := strings.NewReplacer(url, "URL", private, "PRIVATE").Replace(err.Error())
		assert.Equal(t, test.want, got, test.name)
	}
}

// TestGitNames: what could be taken for an option, a command or another way to reach a repository
// runs nothing.
func TestGitNames(t *testing.T) {
	t.Parallel()
	in := getter.New(getter.Config{Netrc: "off", Git: filepath.Join(t.TempDir(), "git-must-not-run")})
	for name, want := range map[string]string{
		"git::https://h/r.git?ref=--upload-pack=touch%20x": `its ref "--upload-pack=touch x" holds what no branch, tag or commit can`,
		"git::https://h/r.git?ref=-x":                      `its ref "-x" holds what no branch, tag or commit can`,
		"git::https://h/r.git?ref=a..b":                    `its ref "a..b" holds what no branch, tag or commit can`,
		"git::https://h/r.git?ref=a%00b":                   `its ref "a\x00b" holds what no branch, tag or commit can`,
		"git::https://h/r.git?ref=HEAD@%7B1%7D":            `its ref "HEAD@{1}" holds what no branch, tag or commit can`,
		"git::https://h/r.git?ref=":                        "its ref is empty",
		"git::https://h/r.git?depth=1":                     `a git URL has no parameter "depth", only ref`,
		"git::https://h/r.git?sshkey=abc":                  `a git URL has no parameter "sshkey", only ref`,
		"git::https://h/r.git//../x":                       `"//../x" is no directory within it`,
		"git::https://h/r.git//a/../../x":                  `"//a/../../x" is no directory within it`,
		"git::ext::sh%20-c%20touch%20x":                    "it has no scheme, as in https://",
		"git::ext://x/y":                                   `a repository is reached by https, ssh or file, not by "ext"`,
		"git::git://h/r.git":                               `a repository is reached by https, ssh or file, not by "git"`,
		"git::fd://17/foo":                                 `a repository is reached by https, ssh or file, not by "fd"`,
		"git::ssh://-oProxyCommand=x/r.git":                `its host or user starts with "-"`,
		"git::ssh://-x@h/r.git":                            `its host or user starts with "-"`,
		"git::http://h/r.git":                              "plain http is not safe: write https, or list h in GOINSECURE (getter.Config.Insecure)",
		"git::https://h":                                   "it names a host and nothing on it",
		"git::https:///r.git":                              "it has no host",
		"git::file://h/r.git":                              "a file URL has no host: write git::file:///path",
		"git::https://exаmple.com/r.git":                   `its host "exаmple.com" has letters outside of ASCII, which can look like others: write them as xn--…`, // a Cyrillic one
		"git::https://ex%D0%B0mple.com/r":                  `its host "exаmple.com" has letters outside of ASCII, which can look like others: write them as xn--…`,
		"git::https://h/team/../evil/r.git":                `its path holds "." or ".."`,
		"git::https://h/team/%2e%2e/evil/r.git":            `its path holds "." or ".."`,
		"git::https://h/team%2f..%2fevil/r.git":            `its path holds "." or ".."`,
		"git::https://h/./team/r.git":                      `its path holds "." or ".."`,
		"git::git@h:../evil/r.git":                         `its path holds "." or ".."`,
		"https://h/team/../evil/x.zip":                     `its path holds "." or ".."`,
		"https://evil.com?@h/x.zip":                        "it names a host and nothing on it",
		"https://evil.com#@h/x.zip":                        "it names a host and nothing on it",
		"gh:user":                                          "it does not name a repository of github.com: write USER/REPO",
		"gh:user/repo@":                                    "its version is empty",
		"gh:../repo":                                       "it does not name a repository of github.com: write USER/REPO",
		"gh:user/repo@v1?ref=v2":                           `it has a version after "@" and parameters after "?"`,
		"hg::https://h/r":                                  "it is none of git::URL, gh:USER/REPO, gl:GROUP/REPO, https://… and file://…",
		"s3::https://h/r":                                  "it is none of git::URL, gh:USER/REPO, gl:GROUP/REPO, https://… and file://…",
	} {
		_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, name))
		var bad *find.NameError
		require.ErrorAs(t, err, &bad, name)
		assert.Equal(t, want, bad.Reason, name)
	}
}

// TestGitHostile: nothing of a repository runs or decides how its files are written.
func TestGitHostile(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r := loadtest.Git(t, filepath.Join(root, "r"))
	sub := loadtest.Git(t, filepath.Join(root, "sub"))
	sub.Write("s.star", "x = 1")
	sub.Commit()
	marker := filepath.Join(root, "ran")
	r.Write("init.star", "id = '$Id$ $Format:%H$'\r\n")
	r.Write("hidden.star", "x = 1\n")
	r.Write(".gitattributes", "* ident export-subst text eol=lf filter=evil\nhidden.star export-ignore\n")
	r.Write(".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = "+sub.Dir+"\n\tupdate = !touch "+marker+"\n")
	r.Run("-c", "core.autocrlf=false", "config", "core.autocrlf", "false")
	commitOfSub := sub.Run("rev-parse", "HEAD")
	r.Run("-c", "filter.evil.clean=cat", "add", "-A")
	r.Run("update-index", "--add", "--cacheinfo", "160000,"+commitOfSub+",sub")
	blob := r.Run("hash-object", "-w", "--no-filters", "init.star")
	r.Run("update-index", "--cacheinfo", "100644,"+blob+",init.star")
	link := filepath.Join(r.Dir, "target")
	require.NoError(t, os.WriteFile(link, []byte("../../../etc/passwd"), 0o600))
	r.Run("update-index", "--add", "--cacheinfo", "120000,"+r.Run("hash-object", "-w", "target")+",link.star")
	r.Run("commit", "-q", "-m", "hostile")
	for _, hook := range []string{"post-checkout", "pre-receive", "post-upload-pack", "reference-transaction"} {
		file := filepath.Join(r.Dir, ".git", "hooks", hook)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\ntouch "+marker+"\n"), 0o755))
	}
	in := getter.New(getter.Config{Netrc: "off"})
	_, spec, err := bring(t.Context(), t, in, loadtest.OpenStore(t), "git::file://"+r.Dir)
	require.NoError(t, err)
	data, err := fs.ReadFile(spec.Source.FS, "init.star")
	assert.Equal(t, "id = '$Id$ $Format:%H$'\r\n", string(data), "the file was changed")
	assert.NoError(t, err, "the file was changed")
	_, err = fs.Stat(spec.Source.FS, "hidden.star")
	assert.NoError(t, err)
	for _, name := range []string{"sub/s.star", "link.star"} {
		_, err := os.Lstat(filepath.Join(spec.Source.Dir, filepath.FromSlash(name)))
		assert.Error(t, err)
	}
	_, err = os.Stat(marker)
	assert.Error(t, err, "something of the repository ran")
}

// TestGitReplace: a go.mod that reaches out of the repository is refused.
func TestGitReplace(t *testing.T) {
	t.Parallel()
	for to, refused := range map[string]bool{"../..": true, "../sibling": true, "/etc": true, "./inner": false} {
		r := loadtest.Git(t, filepath.Join(t.TempDir(), "r"))
		r.Write("m.go", "package m\n")
		r.Write("inner/go.mod", "module example.com/inner\n")
		r.Write("go.mod", "module example.com/m\n\nreplace example.com/inner => "+to+"\n")
		r.Commit()
		s := loadtest.OpenStore(t)
		_, _, err := bring(t.Context(), t, getter.New(getter.Config{Netrc: "off"}), s, "git::file://"+r.Dir)
		want := "its go.mod replaces example.com/inner by the directory " + to + " (a module cannot reach out of what was fetched)"
		assert.Falsef(t, refused && (err == nil || err.Error() != want), "%s: %v", to, err)
		assert.Falsef(t, !refused && err != nil, "%s: %v", to, err)
		entries, _ := os.ReadDir(filepath.Join(s.Dir(), "src"))
		assert.Falsef(t, refused && len(entries) > 0, "%s: %v is in the store", to, entries)
	}
}

// TestGitPattern: a module that is called as the go command calls several packages is refused, so
// that these are not compiled.
func TestGitPattern(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{"cmd": "the", "example.com/w...d": `it holds "...", by which the`} {
		r := loadtest.Git(t, filepath.Join(t.TempDir(), "r"))
		r.Write("m.go", "package m\n")
		r.Write("go.mod", "module "+name+"\n")
		r.Commit()
		s := loadtest.OpenStore(t)
		_, _, err := bring(t.Context(), t, getter.New(getter.Config{Netrc: "off"}), s, "git::file://"+r.Dir)
		assert.EqualError(t, err, "its go.mod names no module\n\tmalformed import path \""+name+"\": "+reason+" go command takes it for several packages")
		entries, _ := os.ReadDir(filepath.Join(s.Dir(), "src"))
		assert.Empty(t, entries)
	}
}

// TestMovedTag: what a tag led to is what is installed, also where the tag moved meanwhile.
func TestMovedTag(t *testing.T) {
	t.Parallel()
	r, first, _ := rules(t, filepath.Join(t.TempDir(), "r"))
	in := getter.New(getter.Config{Netrc: "off"})
	name := loadtest.Name(t, "git::file://"+r.Dir+"//tax?ref=v1.0.0")
	release, err := in.Resolve(t.Context(), new(install.Session), name)
	require.NoError(t, err)
	r.Run("tag", "-f", "v1.0.0", "v2.0.0^{}")
	spec, err := in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
	require.NoError(t, err)
	assert.Equal(t, first, spec.Version)
	// A lock file that knows the tree stops another one.
	moved, err := in.Resolve(t.Context(), new(install.Session), name)
	require.NoError(t, err)
	moved.Sum = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	moved.BuildList = []find.ModuleVersion{{Path: moved.Module, Version: moved.Version, Sum: moved.Sum}}
	_, err = in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, moved)
	var sum *install.ChecksumError
	require.ErrorAs(t, err, &sum)
	assert.Equal(t, "the lock file", sum.By)
}

func TestInstaller(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	rules(t, filepath.Join(root, "rules.git"))
	url := new(loadtest.GitServer).Start(t, root)
	loadtest.TestInstaller(t, func(t *testing.T) (install.Installer, loadtest.InstallerCases) {
		return getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"}), loadtest.InstallerCases{
			Found:    []string{"git::" + url + "/rules.git//tax", "git::" + url + "/rules.git//tax?ref=v1.0.0", "git::file://" + root + "/rules.git//other.star"},
			NotFound: []string{"git::" + url + "/none.git", "git::" + url + "/rules.git?ref=v9", "git::file://" + root + "/none"},
			Foreign:  []string{"example.com/x", "rules", "./rules", "company:team/x", "./x.star"},
		}
	})
}

// TestLoaded: two versions of one repository run side by side; names of one commit share an
// instance.
func TestLoaded(t *testing.T) {
	t.Parallel()
	r, _, _ := rules(t, filepath.Join(t.TempDir(), "r"))
	l, err := load.New(load.Config{
		Installers: []install.Installer{getter.New(getter.Config{Netrc: "off"})},
		Engines:    []engine.Engine{starlark.New(starlark.Config{})}, Store: loadtest.OpenStore(t),
	})
	require.NoError(t, err)
	defer l.Close(context.Background())
	at := "git::file://" + r.Dir + "//tax"
	modules, err := l.LoadAll(t.Context(), at+"?ref=v1.0.0", at+"?ref=v2.0.0", at+"?ref=dev", at)
	require.NoError(t, err)
	assert.NotSame(t, modules[1], modules[0])
	require.Same(t, modules[2], modules[1])
	assert.Same(t, modules[3], modules[1])
	rate, err := load.Value[int](modules[0], "rate")
	assert.Equal(t, 1, rate)
	assert.NoError(t, err)
}
