// Package oci installs modules from OCI registries, and gives package bundle/registry its way to
// them:
//
//	oci::registry.example.com/team/rules:v1.2.0//tax    a directory of what the tag v1.2.0 holds
//	oci::ghcr.io/team/filter@sha256:…                   exactly this manifest
//	oci::docker.io/library/rules                        the tag latest
//
// A name leads to a manifest, whose layers are archives (tar, tar+gzip, tar+zstd, zip), single
// files (.star, .go) or WebAssembly modules. A tag is resolved to the digest of its manifest; that
// is the version, and what a lock file keeps. Whatever the registry sends, package gate alone
// decides what of it becomes a file.
//
// The protocol is that of oras.land/oras-go. The files follow a load: name.go takes the name apart,
// repository.go asks the registry, transport.go is strict about answers and about who gets
// credentials, layers.go fills the tree, errors.go says what went wrong.
package oci

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/sourcetree"
	"github.com/loadgo/load/internal/webclient"
)

// Config says how registries are asked. The zero Config is useful; [New] copies it.
type Config struct {
	// Insecure lists registries and repositories that may be reached over plain http, as GOINSECURE
	// does for the go command: glob patterns of prefixes, separated by commas. They get no
	// credentials. Registries of this machine, such as localhost:5000, are always reached by http.
	Insecure string

	// DockerConfig is the file that holds the credentials, or names the helpers that do, as `docker
	// login` writes it; "" means config.json in the directory DOCKER_CONFIG or else ~/.docker,
	// "off" none. Credentials are sent to the registry that they are for, and see TokenHosts.
	DockerConfig string

	// Credentials returns who the user is to a registry, before the docker configuration is asked,
	// or "" to go on with that.
	Credentials func(ctx context.Context, registry string) (user, password string, err error)

	// TokenHosts lists, as glob patterns separated by commas, the hosts that a registry may send a
	// user's password to for a token, besides the registry's own host. Those of docker.io,
	// registry.gitlab.com and registry.digitalocean.com are known.
	TokenHosts string

	// HTTPClient makes the requests; its CheckRedirect is replaced. By default it honours
	// HTTP_PROXY and its like.
	HTTPClient *http.Client

	// MaxFiles and MaxBytes bound what one source may hold, MaxBytes also what is downloaded for
	// it; 0 stands for 100,000 files and 500 MiB.
	MaxFiles int
	MaxBytes int64

	// Retries is how often a request is repeated after a fault that may pass, 4 by default,
	// negative for never. RetryDelay is the wait before the first of them, doubled each time; 250
	// ms by default.
	Retries    int
	RetryDelay time.Duration

	// Stall is how long a request may go without progress before it counts as broken; 30 s by
	// default.
	Stall time.Duration
}

// Installer brings sources of registries into a store. It implements [install.Installer] and is
// safe for concurrent use.
type Installer struct {
	config Config
	next   http.RoundTripper
	tokens auth.Cache
	docker dockerConfig
}

var _ install.Installer = (*Installer)(nil)

// New returns an installer. It does no I/O.
func New(config Config) *Installer {
	if config.MaxBytes <= 0 {
		config.MaxBytes = gate.DefaultLimits.Bytes
	}
	config.Retries = max(cmp.Or(config.Retries, 4), 0)
	config.RetryDelay = cmp.Or(config.RetryDelay, 250*time.Millisecond)
	config.Stall = cmp.Or(config.Stall, 30*time.Second)
	in := &Installer{config: config, tokens: auth.NewCache(), docker: dockerConfig{file: config.DockerConfig}}
	if config.HTTPClient != nil {
		in.next = config.HTTPClient.Transport
	}
	if in.next == nil {
		in.next = webclient.NewTransport()
	}
	return in
}

// String returns "oci".
func (in *Installer) String() string { return "oci" }

// Claims reports whether the name is one of a registry, or of one that is misspelt oci://.
func (in *Installer) Claims(name find.Name) bool {
	return name.Form == find.FormURL && strings.HasPrefix(name.Target, "oci:")
}

// Resolve finds the digest that a tag stands for. It implements [install.Installer].
func (in *Installer) Resolve(ctx context.Context, session *install.Session, name find.Name) (*install.Release, error) {
	started := time.Now()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ref, err := parse(name.Target)
	if err != nil {
		return nil, err
	}
	version, why := ref.digest, "the digest in the name"
	if version == "" {
		r, err := in.repository(session, ref)
		if err != nil {
			return nil, err
		}
		d, _, err := r.Manifest(ctx, ref.tag)
		if err != nil {
			return nil, err
		}
		version, why = string(d.Digest), "the tag "+ref.tag
	}
	session.Emit(event.Resolved{Name: name.String(), Module: ref.String(), Version: version, Why: why, Took: time.Since(started)})
	return &install.Release{
		Name: name, Package: ref.String(), Module: ref.String(), Version: version, Why: why, Changing: ref.changing(), Origin: in.String(),
	}, nil
}

// Install brings the layers of a release into the store. It implements [install.Installer]; see
// [sourcetree.Source.Install].
func (in *Installer) Install(ctx context.Context, session *install.Session, release *install.Release) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ref, err := parse(release.Name.Target)
	if err != nil {
		return nil, err
	}
	tree := &sourcetree.Source{
		Asked: ref.asked, Name: ref.String(), Where: ref.where(), What: "its content", Origin: in.String(), Dir: ref.dir, Exact: ref.digest != "",
	}
	limits := gate.Limits{Files: in.config.MaxFiles, Bytes: in.config.MaxBytes}
	return tree.Install(ctx, session, release, limits, func(work string, to *gate.Tree) error {
		r, err := in.repository(session, ref)
		if err != nil {
			return err
		}
		return r.fill(ctx, release.Version, work, to)
	})
}
