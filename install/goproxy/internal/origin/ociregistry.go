package origin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/token"
	"github.com/loadgo/load/internal/webclient"
)

// ociRepo is a module as an OCI registry has it: see layout.go.
type ociRepo struct {
	origin  *Origin
	session *install.Session
	from    Proxy
	path    string // module path
}

// maxTags is how many versions of a module are read.
const maxTags = 100_000

// ociInstaller returns what asks the registry of a proxy. It is made once, since it keeps the
// tokens that the registry gave.
func (o *Origin) ociInstaller(p Proxy) *oci.Installer {
	key := fmt.Sprint(p.URL, "\n", p.owner.Name, p.owner.Insecure, p.mirror, p.once)
	in, ok := o.registries.Load(key)
	if ok {
		return in.(*oci.Installer)
	}
	config := o.OCI
	config.HTTPClient = cmp.Or(config.HTTPClient, &o.HTTP)
	config.RetryDelay, config.Stall = cmp.Or(config.RetryDelay, o.RetryDelay), cmp.Or(config.Stall, o.Stall)
	if config.Retries = cmp.Or(config.Retries, o.Retries, -1); p.once {
		config.Retries = -1
	}
	if p.owner.Insecure {
		config.Insecure = strings.TrimPrefix(config.Insecure+","+p.URL.Host+p.URL.Path, ",")
	}
	if p.owned() && !p.mirror {
		config.Credentials = variable(token.Variable(p.owner.Name), p.URL.Host, config.Credentials)
	}
	in, _ = o.registries.LoadOrStore(key, oci.New(config))
	return in.(*oci.Installer)
}

type credentials = func(ctx context.Context, registry string) (user, password string, err error)

// variable asks a variable of the environment, for one registry, where others know nothing.
func variable(name, host string, others credentials) credentials {
	return func(ctx context.Context, registry string) (user, password string, err error) {
		if others != nil {
			if user, password, err = others(ctx, registry); err != nil || user != "" || password != "" {
				return user, password, err
			}
		}
		value := os.Getenv(name)
		if value == "" || !strings.EqualFold(registry, strings.TrimSuffix(host, ":443")) {
			return "", "", nil
		}
		user, password, ok := strings.Cut(value, ":")
		if !ok {
			return "", "", fmt.Errorf("%s does not hold USER:PASSWORD, which an OCI registry wants", name)
		}
		return user, password, nil
	}
}

// repository returns the module's repository; text is its address, for messages.
func (r ociRepo) repository() (repository *oci.Repository, text string, err error) {
	name, err := RepositoryName(r.path)
	if err != nil {
		return nil, "", final(err)
	}
	text = r.from.URL.String() + "/" + name
	repository, _, err = r.origin.ociInstaller(r.from).Repository(r.session, strings.TrimPrefix(text, "oci://"))
	if err == nil {
		err = r.session.AdmitURL(repository.URL())
	}
	return repository, text, err
}

// explain makes an error of the registry one of the place that a policy names.
func (r ociRepo) explain(at string, err error) error {
	var asked *install.RegistryError
	switch {
	case errors.Is(err, find.ErrNotFound):
		return &AbsentError{URL: at, Status: "404 Not Found", Registry: r.from.owner.Name}
	case denied(err) && errors.As(err, &asked) && r.from.owned() && !r.from.owner.Insecure:
		return &install.RegistryError{URL: at, Reason: asked.Reason, Fix: "check the name's spelling and the credentials for " + r.from.URL.Host + " in " + r.places(), Err: asked.Err}
	case errors.As(err, &asked) && asked.Unavailable && err != install.ErrOffline:
		return &install.RegistryError{URL: at, Reason: asked.Reason, Fix: "check the network and " + r.from.place() + ", and try again", Err: asked.Err, Unavailable: true}
	}
	return err
}

// places tells where the credentials of a registry are looked for.
func (r ociRepo) places() string {
	docker := "the docker configuration, where `docker login " + r.from.URL.Host + "` writes them"
	if r.from.mirror {
		return docker
	}
	name := token.Variable(r.from.owner.Name)
	if os.Getenv(name) == "" {
		return name + " (not set), or in " + docker
	}
	return name + " (set), or in " + docker
}

// try runs a request when it is its turn.
func (r ociRepo) try(ctx context.Context, request func(repository *oci.Repository, at string) error) error {
	repository, at, err := r.repository()
	if err != nil {
		return err
	}
	select {
	case r.origin.slots <- struct{}{}:
		defer func() { <-r.origin.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return request(repository, at)
}

// List returns the versions of the tags.
func (r ociRepo) List(ctx context.Context) (versions, pseudo []string, err error) {
	err = r.try(ctx, func(repository *oci.Repository, at string) error {
		tags, err := repository.Tags(ctx, maxTags)
		if err != nil {
			return r.explain(at, err)
		}
		for i, tag := range tags {
			tags[i] = tagVersion(tag)
		}
		versions, pseudo = ParseList(r.path, strings.Join(tags, "\n"))
		return nil
	})
	return versions, pseudo, err
}

// read reads one layer of a version; open returns where to.
func (r ociRepo) read(ctx context.Context, version string, choose func(Released) ocispec.Descriptor, open func(size int64) (io.Writer, error)) error {
	tag, err := VersionTag(version)
	if err != nil {
		return &AbsentError{URL: r.from.URL.String() + "/" + r.path, Status: "not a version", text: err.Error(), Registry: r.from.owner.Name}
	}
	return r.try(ctx, func(repository *oci.Repository, at string) error {
		at += ":" + tag
		d, data, err := repository.Manifest(ctx, tag)
		if err != nil {
			return r.explain(at, err)
		}
		released, err := parseReleased(d.MediaType, data)
		if err != nil {
			return r.invalid(at, err)
		}
		layer := choose(released)
		to, err := open(layer.Size)
		if err != nil {
			return err
		}
		err = repository.Blob(ctx, layer, nil, to)
		var gone *find.VersionError
		if errors.As(err, &gone) {
			return r.invalid(at, fmt.Errorf("the registry does not have its layer %s", layer.Digest))
		}
		return r.explain(at, err)
	})
}

func (r ociRepo) invalid(at string, err error) error {
	return &install.RegistryError{URL: at, Reason: "invalid answer: " + err.Error(), Fix: "report it to the operator of the registry" + r.from.orElse(", or name another"), Err: err}
}

// small reads a layer into memory.
func (r ociRepo) small(ctx context.Context, version string, choose func(Released) ocispec.Descriptor) ([]byte, error) {
	var b bytes.Buffer
	err := r.read(ctx, version, choose, func(int64) (io.Writer, error) { return &b, nil })
	return b.Bytes(), err
}

// Info asks for an exact version: a registry has no branches and commits.
func (r ociRepo) Info(ctx context.Context, version string) (Info, error) {
	data, err := r.small(ctx, version, func(l Released) ocispec.Descriptor { return l.Info })
	if err != nil {
		return Info{}, err
	}
	i, err := ParseInfo(r.path, data)
	if err == nil && i.Version != version {
		err = fmt.Errorf("it is about version %s", i.Version)
	}
	if err != nil {
		return Info{}, r.invalid(r.from.URL.String()+"/"+r.path+"@"+version, err)
	}
	return i, nil
}

// Latest returns the newest pseudo-version: where one is released, nobody asks.
func (r ociRepo) Latest(ctx context.Context) (Info, error) {
	versions, pseudo, err := r.List(ctx)
	switch all := append(versions, pseudo...); {
	case err != nil:
		return Info{}, err
	case len(all) == 0:
		return Info{}, &AbsentError{URL: r.from.URL.String() + "/" + r.path, Status: "it has no version", Registry: r.from.owner.Name}
	default:
		return r.Info(ctx, all[len(all)-1])
	}
}

// Mod brings the go.mod file of an exact version.
func (r ociRepo) Mod(ctx context.Context, version string) ([]byte, error) {
	return r.small(ctx, version, func(l Released) ocispec.Descriptor { return l.Mod })
}

// Zip brings the zip of an exact version into a file and returns its size.
func (r ociRepo) Zip(ctx context.Context, version string, f *os.File, receiver *install.Receiver) (size int64, err error) {
	err = r.read(ctx, version, func(l Released) ocispec.Descriptor { return l.Zip }, func(promised int64) (io.Writer, error) {
		size = promised
		receiver.Expect(promised)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return received{f, receiver}, f.Truncate(0)
	})
	return size, err
}

// denied reports whether an OCI registry refused to answer.
func denied(err error) bool {
	var status webclient.StatusError
	return errors.As(err, &status) && (status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden)
}
