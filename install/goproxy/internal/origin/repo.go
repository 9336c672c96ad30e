package origin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"

	"github.com/loadgo/load/install"
)

// Repo is a module as one place has it: a proxy, or its repository.
type Repo interface {
	// List returns the versions that are listed, lowest first, and those that are pseudo-versions,
	// oldest first.
	List(ctx context.Context) (versions, pseudo []string, err error)
	// Info asks for a version, a branch or a commit; the answer names an exact version.
	Info(ctx context.Context, revision string) (Info, error)
	// Latest asks for the version to use where none is released.
	Latest(ctx context.Context) (Info, error)
	// Mod brings the go.mod file of an exact version.
	Mod(ctx context.Context, version string) ([]byte, error)
	// Zip brings the zip of an exact version into a file and returns its size. The receiver is told
	// of it as it arrives.
	Zip(ctx context.Context, version string, f *os.File, receiver *install.Receiver) (int64, error)
}

// proxyRepo is a module as one proxy has it.
type proxyRepo struct {
	origin  *Origin
	session *install.Session
	from    Proxy
	path    string // module path
}

func (o *Origin) repo(session *install.Session, p Proxy, path string) Repo {
	if p.URL.Scheme == "oci" {
		return ociRepo{origin: o, session: session, from: p, path: path}
	}
	return proxyRepo{origin: o, session: session, from: p, path: path}
}

// Limits of the answers. Those for go.mod files and zips are the go command's.
const (
	MaxInfo = 1 << 20
	maxList = 64 << 20
)

// url makes the address of a file; elem is escaped where a module path or version needs it.
func (r proxyRepo) url(elem string) (*url.URL, error) {
	escaped, err := module.EscapePath(r.path)
	if err != nil {
		return nil, final(err)
	}
	return Join(r.from.URL, escaped+"/"+elem), nil
}

// Join appends a path to a URL, as it is.
func Join(base *url.URL, path string) *url.URL {
	u := *base
	u.Path = base.Path + "/" + path
	u.RawPath = base.EscapedPath() + "/" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
	return &u
}

// get brings a small text file into memory.
func (r proxyRepo) get(ctx context.Context, elem string, limit int64) ([]byte, error) {
	u, err := r.url(elem)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = r.origin.Fetch(ctx, r.session, r.from, u, limit, func() (io.Writer, error) { b.Reset(); return &b, nil })
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b.Bytes()), []byte("<")) {
		return nil, r.origin.client.describe(r.from, u, errNotProxy, 0)
	}
	return b.Bytes(), nil
}

// invalid reports an answer that makes no sense.
func (r proxyRepo) invalid(elem, reason string) error {
	u, err := r.url(elem)
	if err != nil {
		return err
	}
	return &install.RegistryError{URL: u.String(), Reason: "invalid answer: " + reason, Fix: "report it to the operator of the registry" + r.from.orElse(", or set GOPROXY to another")}
}

// List returns the versions that the registry lists, lowest first, and those of its lines that are
// pseudo-versions, oldest first.
func (r proxyRepo) List(ctx context.Context) (versions, pseudo []string, err error) {
	data, err := r.get(ctx, "@v/list", maxList)
	if err != nil {
		return nil, nil, err
	}
	versions, pseudo = ParseList(r.path, string(data))
	return versions, pseudo, nil
}

// ParseList ignores lines that are no versions of the module, as the go command does.
func ParseList(path, data string) (versions, pseudo []string) {
	type dated struct {
		version string
		time    time.Time
	}
	var old []dated
	for line := range strings.Lines(data) {
		fields := strings.Fields(line)
		if len(fields) == 0 || module.CanonicalVersion(fields[0]) != fields[0] || module.Check(path, fields[0]) != nil {
			continue
		}
		v := fields[0]
		if !module.IsPseudoVersion(v) {
			versions = append(versions, v)
			continue
		}
		t, _ := module.PseudoVersionTime(v)
		if len(fields) > 1 {
			if listed, err := time.Parse(time.RFC3339, fields[1]); err == nil {
				t = listed
			}
		}
		old = append(old, dated{v, t})
	}
	semver.Sort(versions)
	slices.SortStableFunc(old, func(a, b dated) int { return cmp.Or(a.time.Compare(b.time), semver.Compare(a.version, b.version)) })
	for _, d := range old {
		pseudo = append(pseudo, d.version)
	}
	return slices.Compact(versions), pseudo
}

// Info is a version as a registry describes it.
type Info struct {
	Version string
	Time    time.Time
}

// Info asks for a version, a branch or a commit; the answer names an exact version.
func (r proxyRepo) Info(ctx context.Context, revision string) (Info, error) {
	escaped, err := module.EscapeVersion(revision)
	if err != nil {
		return Info{}, &AbsentError{URL: r.from.URL.String(), Status: "not a version", text: err.Error()}
	}
	elem := "@v/" + escaped + ".info"
	data, err := r.get(ctx, elem, MaxInfo)
	if err != nil {
		return Info{}, err
	}
	i, err := ParseInfo(r.path, data)
	if err == nil && i.Version != revision && module.CanonicalVersion(revision) == revision && module.Check(r.path, revision) == nil {
		err = fmt.Errorf("it is about version %s", i.Version)
	}
	if err != nil {
		return Info{}, r.invalid(elem, err.Error())
	}
	return i, nil
}

// Latest asks for the version to use where none is released.
func (r proxyRepo) Latest(ctx context.Context) (Info, error) {
	data, err := r.get(ctx, "@latest", MaxInfo)
	if err != nil {
		return Info{}, err
	}
	i, err := ParseInfo(r.path, data)
	if err != nil {
		return Info{}, r.invalid("@latest", err.Error())
	}
	return i, nil
}

func ParseInfo(path string, data []byte) (Info, error) {
	var i Info
	if err := json.Unmarshal(data, &i); err != nil {
		return Info{}, errors.New("it is not JSON")
	}
	if module.CanonicalVersion(i.Version) != i.Version || i.Version == "" {
		return Info{}, fmt.Errorf("%.100q is not a version", i.Version)
	}
	if err := module.Check(path, i.Version); err != nil {
		return Info{}, fmt.Errorf("%s is not a version of this module", i.Version)
	}
	return i, nil
}

// Mod brings the go.mod file of an exact version.
func (r proxyRepo) Mod(ctx context.Context, version string) ([]byte, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return nil, final(err)
	}
	return r.get(ctx, "@v/"+escaped+".mod", zip.MaxGoMod)
}

// Zip brings the zip of an exact version into a file and returns its size.
func (r proxyRepo) Zip(ctx context.Context, version string, f *os.File, receiver *install.Receiver) (int64, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return 0, final(err)
	}
	u, err := r.url("@v/" + escaped + ".zip")
	if err != nil {
		return 0, err
	}
	return r.origin.Fetch(ctx, r.session, r.from, u, zip.MaxZipFile, func() (io.Writer, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return received{f, receiver}, f.Truncate(0)
	})
}

// received writes to a file, and tells a receiver.
type received struct {
	to       io.Writer
	receiver *install.Receiver
}

func (r received) Write(p []byte) (int, error) {
	n, err := r.to.Write(p)
	_, _ = r.receiver.Write(p[:n])
	return n, err
}

// expect tells the receiver of an answer, if it has one, the size; -1 is unknown.
func expect(w io.Writer, size int64) {
	if r, ok := w.(received); ok {
		r.receiver.Expect(size)
	}
}
