package checksum

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// publicKey is the key of Go's public checksum database without the database's name in front. A
// key's hash covers the name, so that it verifies for no other database.
const publicKey = "033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

// Database is the checksum database for one request: its client remembers failures for good. It
// keeps answers where the go command keeps them, below mod/cache/download/sumdb, and the newest
// signed tree head, which guards against a database that forgets, below sumdb/; both within the
// store. It implements [sumdb.ClientOps].
type Database struct {
	Source
	Name  string
	Key   string
	given *url.URL // the address that GOSUMDB names, or nil

	client *sumdb.Client
	base   func() (origin.Proxy, error)
	ctx    context.Context // of the request, for which the client's interface has no room

	mu       sync.Mutex
	remote   error // the last fault of the network
	disk     error // the last fault of the store
	security error // the first proof of a database that lies
}

// Source is what a database works with.
type Source struct {
	Origin  *origin.Origin
	Session *install.Session
	Store   *store.Store
	Write   func(name string, data []byte) error // the whole file or nothing of it
}

// NewDatabase returns the checksum database that GOSUMDB names, for one request.
func NewDatabase(ctx context.Context, from Source) (*Database, error) {
	d := &Database{Source: from, ctx: ctx}
	if from.Origin.Settings().SumDB == "" {
		return nil, &install.RegistryError{
			Reason: "GOSUMDB is not set, and there is no Go toolchain whose configuration sets it",
			Fix:    "set GOSUMDB to the name of a checksum database, or install Go from https://go.dev/dl",
		}
	}
	if err := d.Configure(from.Origin.Settings().SumDB); err != nil {
		return nil, &install.RegistryError{Reason: "GOSUMDB: " + err.Error(), Fix: "unset GOSUMDB, or set it to a database's name and key"}
	}
	d.base = sync.OnceValues(d.locate)
	d.client = sumdb.NewClient(d)
	return d, nil
}

// Name returns the name of the database of a GOSUMDB value, or the value if it cannot be read.
func Name(value string) string {
	var d Database
	if d.Configure(value) != nil {
		return value
	}
	return d.Name
}

// Configure reads a GOSUMDB value: "name", "name+hash+key", either with the address of a mirror.
func (d *Database) Configure(value string) error {
	fields := strings.Fields(value)
	if len(fields) == 0 || len(fields) > 2 {
		return errors.New("want the name or key of a checksum database, and at most an address")
	}
	d.Key = fields[0]
	if !strings.Contains(d.Key, "+") {
		// The public database's mirror for mainland China has a name of its own and the same key.
		if host, ok := strings.CutSuffix(d.Key, ".golang.google.cn"); ok && len(fields) == 1 {
			fields = append(fields, "https://"+d.Key)
			d.Key = host + ".golang.org"
		}
		d.Key += "+" + publicKey
	}
	verifier, err := note.NewVerifier(d.Key)
	if err != nil {
		return fmt.Errorf("the key of %s is not known", fields[0])
	}
	d.Name = verifier.Name()
	u, err := url.Parse("https://" + d.Name)
	if err != nil || u.Host == "" || strings.HasSuffix(d.Name, "/") || u.String() != "https://"+d.Name || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("%q cannot be a database's name", d.Name)
	}
	if len(fields) == 2 {
		if d.given, err = url.Parse(fields[1]); err != nil || d.given.Host == "" {
			return errors.New("the address is not a URL")
		}
	}
	return nil
}

// locate finds out where the database is asked: at the address that GOSUMDB names, else through the
// first proxy that says it supports it, else directly.
func (d *Database) locate() (origin.Proxy, error) {
	if d.given != nil {
		u := *d.given
		u.User, u.Path = nil, strings.TrimSuffix(u.Path, "/")
		return origin.Proxy{URL: &u, User: d.given.User}, nil
	}
	direct := &url.URL{Scheme: "https"}
	direct.Host, direct.Path, _ = strings.Cut(d.Name, "/")
	if direct.Path != "" {
		direct.Path = "/" + direct.Path
	}
	s := d.Origin.Settings()
	if s.ProxiesErr != nil {
		return origin.Proxy{}, s.ProxiesErr
	}
	for _, p := range s.Proxies {
		if p.Word != "" {
			break
		}
		base := origin.Proxy{URL: origin.Join(p.URL, "sumdb/"+d.Name), User: p.User}
		_, err := d.read(base, "supported")
		switch {
		case err == nil:
			return base, nil
		case errors.Is(err, fs.ErrNotExist) || p.OnError:
		default:
			return origin.Proxy{}, err
		}
	}
	return origin.Proxy{URL: direct}, nil
}

func (d *Database) read(base origin.Proxy, path string) ([]byte, error) {
	var b bytes.Buffer
	_, err := d.Origin.Fetch(d.ctx, d.Session, base, origin.Join(base.URL, path), origin.MaxInfo, func() (io.Writer, error) { b.Reset(); return &b, nil })
	return b.Bytes(), err
}

// Verify looks the sum of a module version, or of its go.mod where the version ends in "/go.mod",
// up and compares it. An answer that has no line for it is a failure.
func (d *Database) Verify(ctx context.Context, m module.Version, got string) error {
	lines, err := d.client.Lookup(m.Path, m.Version)
	d.mu.Lock()
	security, remote, disk := d.security, d.remote, d.disk
	d.mu.Unlock()
	switch {
	case security != nil:
		return security
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && disk != nil:
		return disk
	case err != nil:
		return d.failed(err, remote)
	}
	by := "checksum database " + d.Name
	want, prefix := "", m.Path+" "+m.Version+" h1:"
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			want = strings.TrimPrefix(line, m.Path+" "+m.Version+" ")
			if want == got {
				return nil
			}
		}
	}
	fix := "the registry sent something else than everybody else got; do not use it: set GOPROXY to another registry"
	if want == "" {
		want = "no sum for it in the answer"
		fix = "the database's answer proves nothing; set GOSUMDB to a database that works"
	}
	return &install.ChecksumError{Subject: m.String(), Want: want, Got: got, By: by, Fix: fix}
}

// failed explains why the database could not be asked: a fault of the network, or an answer that
// does not make sense.
func (d *Database) failed(err, remote error) error {
	out := &install.RegistryError{
		Fix: "check the network and try again; for modules that the database cannot know, set GOPRIVATE or GONOSUMDB",
		Err: err,
	}
	_, reason, _ := strings.Cut(err.Error(), ": ") // the client puts the module in front
	reason, _, _ = strings.Cut(reason, "\n")
	var registry *install.RegistryError
	var absent *origin.AbsentError
	switch {
	case errors.As(remote, &registry):
		out.URL, reason, out.Err = registry.URL, registry.Reason, remote
	case errors.As(remote, &absent):
		out.URL, reason, out.Err = absent.URL, absent.Status, nil
	}
	out.Reason = "checksum database " + d.Name + ": " + reason
	return out
}

// ReadRemote implements [sumdb.ClientOps].
func (d *Database) ReadRemote(path string) ([]byte, error) {
	base, err := d.base()
	var data []byte
	if err == nil {
		data, err = d.read(base, strings.TrimPrefix(path, "/"))
	}
	if err != nil {
		d.mu.Lock()
		d.remote = err
		d.mu.Unlock()
	}
	return data, err
}

// configFile is where the tree head is kept.
func (d *Database) configFile(file string) string {
	return filepath.Join(d.Store.Dir(), "sumdb", filepath.FromSlash(file))
}

// ReadConfig implements [sumdb.ClientOps].
func (d *Database) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(d.Key), nil
	}
	data, err := store.ReadFile(d.configFile(file), origin.MaxInfo)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// WriteConfig implements [sumdb.ClientOps].
func (d *Database) WriteConfig(file string, old, new []byte) error {
	err := d.writeConfig(file, old, new)
	var disk *store.WriteError
	if errors.As(err, &disk) {
		d.mu.Lock()
		d.disk = disk
		d.mu.Unlock()
	}
	return err
}

func (d *Database) writeConfig(file string, old, new []byte) error {
	unlock, err := d.Store.Lock(d.ctx, "sumdb/"+file)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := d.ReadConfig(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, old) {
		return sumdb.ErrWriteConflict
	}
	return d.Write(d.configFile(file), new)
}

// cacheFile is where an answer is kept below a module cache.
func cacheFile(modCache, file string) string {
	return filepath.Join(modCache, "cache", "download", "sumdb", filepath.FromSlash(file))
}

// ReadCache implements [sumdb.ClientOps]. The user's own cache is good enough: answers prove
// themselves.
func (d *Database) ReadCache(file string) ([]byte, error) {
	data, err := store.ReadFile(cacheFile(d.Store.ModDir(), file), origin.MaxInfo)
	if err == nil && len(data) > 0 {
		return data, nil
	}
	if dir := d.Origin.Settings().ModCache; dir != "" {
		if data, err := regular.Read(cacheFile(dir, file), origin.MaxInfo); err == nil && len(data) > 0 {
			return data, nil
		}
	}
	return nil, fs.ErrNotExist
}

// WriteCache implements [sumdb.ClientOps]. What cannot be kept is asked again.
func (d *Database) WriteCache(file string, data []byte) {
	_ = d.Write(cacheFile(d.Store.ModDir(), file), data)
}

// Log implements [sumdb.ClientOps].
func (d *Database) Log(string) {}

// SecurityError implements [sumdb.ClientOps]: from now on nothing that the database says is
// believed.
func (d *Database) SecurityError(msg string) {
	lines := strings.Split(strings.TrimPrefix(msg, "SECURITY ERROR\n"), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.security == nil {
		d.security = &install.RegistryError{
			Reason: "checksum database " + d.Name + ": security error: " + strings.Join(lines, "\n\t"),
			Fix:    "do not use this database or the proxy in front of it: set GOPROXY and GOSUMDB to others",
		}
	}
}
