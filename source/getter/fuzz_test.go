package getter

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
)

// FuzzParse: whatever is accepted as a name can be handed to git, to a web server and to the file system.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"git::https://h/r.git//d?ref=v1", "gh:u/r/d@v1", "gl:g/s/r//d", "git::git@h:p/r.git", "git::ssh://git@h:22/r", "https://h/a.zip//d?checksum=sha256:00",
		"file::./x?link=true", "git::file:///x//..", "https://h//x.star", "git::ext::x", "http://-h/x.go", "git::https://h/%2e%2e/r",
	} {
		f.Add(name)
	}
	in := New(Config{Netrc: "off", Insecure: "*"})
	f.Fuzz(func(t *testing.T, text string) {
		name, err := load.ParseName(text)
		if err != nil || name.Form != load.FormURL {
			return
		}
		s, err := in.parse(name)
		if err != nil {
			return
		}
		if s.dir != "" && (!fs.ValidPath(s.dir) || !filepath.IsLocal(filepath.FromSlash(s.dir))) {
			t.Errorf("%q: directory %q", text, s.dir)
		}
		if strings.HasPrefix(s.ref, "-") || strings.ContainsAny(s.ref, " ^~:*?[\\\n") {
			t.Errorf("%q: ref %q", text, s.ref)
		}
		if s.form == formLocal {
			return
		}
		if _, password := s.url.User.Password(); password || s.url.User != nil && s.url.Scheme != "ssh" && s.url.Scheme != "file" {
			t.Errorf("%q: the URL %q has a user", text, s.url)
		}
		if strings.HasPrefix(s.url.String(), "-") || s.form == formWeb && s.url.Scheme != "https" && s.url.Scheme != "http" {
			t.Errorf("%q: URL %q", text, s.url)
		}
	})
}
