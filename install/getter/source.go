package getter

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/sourcetree"
	"github.com/loadgo/load/internal/webhost"
)

// source is a name taken apart.
type source struct {
	asked    string   // the name's target
	form     form     //
	url      *url.URL // of the repository or file, without what is in the fields below; nil for a local one
	path     string   // of a local file or directory, absolute
	dir      string   // of the module within what is fetched, slash-separated; "" is the whole
	ref      string   // branch, tag or commit of a repository, "" for its default branch
	format   string   // of a file: one of fileFormats
	checksum string   // of a file, "sha256:…" or "sha512:…", "" where the name has none
	link     bool     // use the local directory itself
	places   []string // of this machine, without links, that it was read from and the policies decided about
}

type form int

const (
	formGit form = iota
	formWeb
	formLocal
)

// archiveFormats are unpacked; the other file formats are modules by themselves.
var (
	archiveFormats = []string{".zip", ".tar.gz", ".tgz", ".tar.zst", ".tzst"}
	fileFormats    = append(slices.Clone(archiveFormats), ".star", ".go", ".wasm", ".json", ".toml")
)

// String returns the canonical name, the same for every spelling and every version.
func (s *source) String() string {
	text := s.where()
	if s.form == formGit {
		text = "git::" + text
	}
	if s.dir != "" {
		text += "//" + s.dir
	}
	return text
}

// tree is what the installing of trees wants to know of the source.
func (s *source) tree() *sourcetree.Source {
	what := "its archive"
	switch {
	case s.form == formGit:
		what = "its repository"
	case s.form == formLocal && isDir(s.path):
		what = "its directory"
	}
	return &sourcetree.Source{
		Asked: s.asked, Name: s.String(), Where: s.where(), What: what, Origin: origin, Dir: s.dir, Places: s.places, Exact: s.exact(), Rooted: s.form == formGit,
	}
}

// exact reports whether the name itself says the version.
func (s *source) exact() bool {
	return s.form == formGit && fullCommit.MatchString(s.ref) || strings.HasPrefix(s.checksum, "sha256:")
}

// where is the address for messages: it has no parameters, which may hold a secret.
func (s *source) where() string {
	if s.url == nil {
		return "file://" + filepath.ToSlash(s.path)
	}
	u := *s.url
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// parse takes the target of a name apart. The error is a [*find.NameError].
func (in *Installer) parse(name find.Name) (*source, error) {
	s := &source{asked: name.Target}
	err := s.parse(name)
	if err == nil && s.url != nil && s.url.Scheme == "http" && !module.MatchPrefixPatterns(in.config.Insecure, s.url.Host+s.url.Path) {
		err = fmt.Errorf("plain http is not safe: write https, or list %s in GOINSECURE (getter.Config.Insecure)", s.url.Host)
	}
	if err != nil {
		return nil, &find.NameError{Name: name.Target, Reason: err.Error()}
	}
	return s, nil
}

func (s *source) parse(name find.Name) error {
	if name.Form == find.FormDir {
		return s.parseLocal(name.Target, nil)
	}
	target := name.Target
	if rest, ok := strings.CutPrefix(target, "gh:"); ok {
		return s.parseShort("github.com", rest, true)
	}
	if rest, ok := strings.CutPrefix(target, "gl:"); ok {
		return s.parseShort("gitlab.com", rest, false)
	}
	getter, rest, forced := strings.Cut(target, "::")
	if !forced || strings.ContainsAny(getter, "/:?") {
		getter, rest = "", target
	}
	scheme, _, isURL := strings.Cut(rest, "://")
	switch {
	case getter == "git" || getter == "" && scheme == "ssh":
		return s.parseGit(rest)
	case getter == "file" || getter == "" && isURL && scheme == "file":
		address, query, _ := strings.Cut(strings.TrimPrefix(rest, "file://"), "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			return fmt.Errorf("its parameters cannot be read: %w", err)
		}
		return s.parseLocal(address, values)
	case (getter == "" || getter == scheme) && isURL && (scheme == "https" || scheme == "http"):
		return s.parseWeb(rest)
	}
	return fmt.Errorf("it is none of git::URL, gh:USER/REPO, gl:GROUP/REPO, https://… and file://…")
}

// parseShort reads USER/REPO[/DIR or //DIR][@REF or ?ref=REF].
func (s *source) parseShort(host, rest string, twoElements bool) error {
	rest, query, _ := strings.Cut(rest, "?")
	rest, ref, pinned := strings.Cut(rest, "@")
	repo, dir, _ := strings.Cut(rest, "//")
	if elements := strings.Split(repo, "/"); twoElements && dir == "" && len(elements) > 2 {
		repo, dir = path.Join(elements[:2]...), path.Join(elements[2:]...)
	}
	if strings.Count(repo, "/") < 1 || module.CheckFilePath(repo) != nil {
		return fmt.Errorf("it does not name a repository of %s: write USER/REPO", host)
	}
	if pinned && query != "" {
		return fmt.Errorf(`it has a version after "@" and parameters after "?"`)
	}
	if pinned {
		query = "ref=" + url.QueryEscape(ref)
		if ref == "" {
			return fmt.Errorf("its version is empty")
		}
	}
	address := "https://" + host + "/" + strings.TrimSuffix(repo, ".git") + ".git"
	if dir != "" {
		address += "//" + dir
	}
	return s.parseGit(address + "?" + query)
}

func (s *source) parseGit(text string) error {
	s.form = formGit
	if user, rest, ok := strings.Cut(text, "@"); ok && !strings.ContainsAny(user, ":/") { // as scp writes it
		host, path, _ := strings.Cut(rest, ":")
		text = "ssh://" + user + "@" + host + "/" + strings.TrimPrefix(path, "/")
	}
	query, err := s.parseURL(text)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{"https", "http", "ssh", "file"}, s.url.Scheme):
		return fmt.Errorf("a repository is reached by https, ssh or file, not by %q", s.url.Scheme)
	case s.url.Scheme == "file" && s.url.Host != "":
		return fmt.Errorf("a file URL has no host: write git::file:///path")
	case strings.HasPrefix(s.url.Host, "-") || strings.HasPrefix(s.url.User.Username(), "-"):
		return fmt.Errorf(`its host or user starts with "-"`)
	}
	s.ref = query.Get("ref")
	if _, ok := query["ref"]; ok && s.ref == "" {
		return fmt.Errorf("its ref is empty")
	}
	query.Del("ref")
	for key := range query {
		return fmt.Errorf("a git URL has no parameter %q, only ref", key)
	}
	s.url.RawQuery = ""
	return checkRef(s.ref)
}

// checkRef accepts what git takes for the name of a branch or tag, or a commit, and no option,
// pattern or expression (git-check-ref-format(1)).
func checkRef(ref string) error {
	for _, r := range ref {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) {
			return fmt.Errorf("its ref %q holds what no branch, tag or commit can", ref)
		}
	}
	if strings.HasPrefix(ref, "-") || strings.HasPrefix(ref, "/") || strings.Contains(ref, "..") || strings.Contains(ref, "@{") {
		return fmt.Errorf("its ref %q holds what no branch, tag or commit can", ref)
	}
	return nil
}

func (s *source) parseWeb(text string) error {
	s.form = formWeb
	query, err := s.parseURL(text)
	if err != nil {
		return err
	}
	if meant := pasted(s.url); meant != "" && query.Get("archive") == "" {
		return errors.New("it is a web page: " + meant)
	}
	if strings.HasSuffix(s.url.Path, ".git") {
		return fmt.Errorf("it is a file's URL: a repository is written git::%s", s.where())
	}
	if err := s.parseFile(s.url.Path, query); err != nil {
		return err
	}
	s.url.RawQuery = query.Encode()
	return nil
}

// parseURL reads a URL with a //DIR in its path, which is cut out of it.
func (s *source) parseURL(text string) (url.Values, error) {
	text, query, asked := strings.Cut(text, "?")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return nil, fmt.Errorf("it has no scheme, as in https://")
	}
	if i := strings.Index(strings.TrimPrefix(rest, "/"), "//"); i >= 0 {
		i += len(rest) - len(strings.TrimPrefix(rest, "/"))
		if err := s.setDir(rest[i+2:]); err != nil {
			return nil, err
		}
		rest = rest[:i]
	}
	if asked {
		rest += "?" + query
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil {
		return nil, fmt.Errorf("it is not a URL")
	}
	values, err := url.ParseQuery(u.RawQuery)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its parameters cannot be read: %w", err)
	case u.Host == "" && u.Scheme != "file":
		return nil, fmt.Errorf("it has no host")
	case strings.Trim(u.Path, "/") == "":
		return nil, fmt.Errorf("it names a host and nothing on it")
	case slices.Contains(strings.Split(u.Path, "/"), "..") || slices.Contains(strings.Split(u.Path, "/"), "."):
		return nil, fmt.Errorf(`its path holds "." or ".."`)
	case u.Fragment != "":
		return nil, fmt.Errorf(`it has a part after "#", which nobody would see`)
	case u.Opaque != "":
		return nil, fmt.Errorf("it is not a URL")
	case webhost.Doubt(u.Host) != "":
		return nil, fmt.Errorf("its host %q %s", u.Host, webhost.Doubt(u.Host))
	}
	s.url = u
	return values, nil
}

func (s *source) setDir(dir string) error {
	s.dir = strings.TrimSuffix(dir, "/")
	if s.dir != "" && (!fs.ValidPath(s.dir) || s.dir == "." || module.CheckFilePath(s.dir) != nil) {
		return fmt.Errorf("%q is no directory within it", "//"+dir)
	}
	return nil
}
