package getter

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzParse: whatever is accepted as a name can be handed to git, to a web server and to the file
// system.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"git::https://h/r.git//d?ref=v1", "gh:u/r/d@v1", "gl:g/s/r//d", "git::git@h:p/r.git", "git::ssh://git@h:22/r", "https://h/a.zip//d?checksum=sha256:00",
		"file::./x?link=true", "git::file:///x//..", "https://h//x.star", "git::ext::x", "http://-h/x.go", "git::https://h/%2e%2e/r",
	} {
		f.Add(name)
	}
	in := New(Config{Netrc: "off", Insecure: "*"})
	f.Fuzz(func(t *testing.T, text string) {
		name, err := find.ParseName(text)
		if err != nil || name.Form != find.FormURL {
			return
		}
		s, err := in.parse(name)
		if err != nil {
			return
		}
		assert.Falsef(t, s.dir != "" && (!fs.ValidPath(s.dir) || !filepath.IsLocal(filepath.FromSlash(s.dir))), "%q: directory %q", text, s.dir)
		require.Falsef(t, strings.HasPrefix(s.ref, "-"), "%q: ref %q", text, s.ref)
		assert.Falsef(t, strings.ContainsAny(s.ref, " ^~:*?[\\\n"), "%q: ref %q", text, s.ref)
		if s.form == formLocal {
			return
		}
		_, password := s.url.User.Password()
		require.Falsef(t, password, "%q: the URL %q has a user", text, s.url)
		assert.Falsef(t, s.url.User != nil && s.url.Scheme != "ssh" && s.url.Scheme != "file", "%q: the URL %q has a user", text, s.url)
		require.Falsef(t, strings.HasPrefix(s.url.String(), "-"), "%q: URL %q", text, s.url)
		assert.Falsef(t, s.form == formWeb && s.url.Scheme != "https" && s.url.Scheme != "http", "%q: URL %q", text, s.url)
	})
}

// FuzzRefs covers what a repository says of its branches and tags.
func FuzzRefs(f *testing.F) {
	commit := strings.Repeat("0", 39) + "1"
	f.Add([]byte(commit + "\tHEAD\n" + commit + "\trefs/tags/v1\n" + commit + "\trefs/tags/v1^{}\n"))
	f.Add([]byte("--upload-pack=x\trefs/heads/main\n<html>\n" + commit + "x\trefs/heads/-x\r\n\t\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		for ref, commit := range parseRefs(out) {
			assert.Truef(t, fullCommit.MatchString(commit), "%q is at %q", ref, commit)
		}
	})
}

// FuzzPlace: a rule about a host holds for every name that leads to it.
func FuzzPlace(f *testing.F) {
	for _, name := range []string{
		"git::https://h/r.git//d?ref=v1", "gh:u/r/d@v1", "gl:g/s/r//d", "git::git@h:p/r.git", "git::ssh://git@h:022/r", "https://h:/a.zip", "https://H./x.star",
		"git::https://a?@h/r", "https::https://h/x.go", "git::ssh://a@b@h/r", "git::h:x@y/z", "https://3./x.star",
	} {
		f.Add(name)
	}
	in := New(Config{Netrc: "off", Insecure: "*"})
	f.Fuzz(func(t *testing.T, text string) {
		name, err := find.ParseName(text)
		if err != nil || name.Form != find.FormURL {
			return
		}
		s, err := in.parse(name)
		if err != nil || s.url == nil || s.url.Scheme == "file" || strings.ContainsAny(s.url.Hostname(), `*?[]\,:`) {
			return
		}
		host := strings.TrimSuffix(s.url.Hostname(), ".")
		if host == "" {
			return
		}
		switch port := strings.TrimLeft(s.url.Port(), "0"); port {
		case "", "22", "80", "443":
		default:
			host += ":" + port
		}
		d := (&policy.Policy{Deny: []string{host}}).Name(name.Target)
		assert.Falsef(t, d.Allowed, "%q leads to %s, and a rule about that does not hold: %+v", text, host, d)
	})
}
