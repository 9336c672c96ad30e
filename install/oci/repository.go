package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/module"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/internal/webhost"
)

// maxManifest is the most bytes that a manifest has; registries accept no more.
const maxManifest = 4 << 20

// Repository is a repository of a registry. It is safe for concurrent use.
type Repository struct {
	in      *Installer
	session *install.Session
	ref     *reference
	plain   bool // it is asked over http
	remote  *remote.Repository
}

// Repository returns the repository of a reference, such as registry.example.com/team/modules:v1,
// and the tag or digest in it. It does no I/O. The session's policies decide about where the
// registry leads to.
func (in *Installer) Repository(session *install.Session, text string) (r *Repository, version string, err error) {
	ref, err := parse(text)
	if err != nil {
		return nil, "", err
	}
	if r, err = in.repository(session, ref); err != nil {
		return nil, "", err
	}
	if ref.digest != "" {
		return r, ref.digest, nil
	}
	return r, ref.tag, nil
}

func (in *Installer) repository(session *install.Session, ref *reference) (*Repository, error) {
	if session.Offline {
		return nil, install.ErrOffline
	}
	host, _, _ := splitPort(ref.registry)
	r := &Repository{in: in, session: session, ref: ref}
	r.plain = webhost.IsLocal(host) || module.MatchPrefixPatterns(in.config.Insecure, ref.registry+"/"+ref.repository)
	where := registry.Reference{Registry: ref.registry, Repository: ref.repository}
	client := &http.Client{CheckRedirect: webclient.CheckRedirect(session.AdmitURL)}
	if in.config.HTTPClient != nil {
		client.Jar, client.Timeout = in.config.HTTPClient.Jar, in.config.HTTPClient.Timeout
	}
	client.Transport = strict{next: in.next, r: r, host: where.Host()}
	r.remote = &remote.Repository{
		Reference: where, PlainHTTP: r.plain, MaxMetadataBytes: maxManifest, TagListMaxPages: 1000, ReferrerListMaxPages: 1, SkipReferrersGC: true,
		Client: &auth.Client{
			Client: client, Cache: in.tokens, ClientID: "load", Header: http.Header{"User-Agent": {"load"}}, Credential: r.credential,
		},
	}
	return r, nil
}

// String returns the registry and the repository.
func (r *Repository) String() string { return r.ref.registry + "/" + r.ref.repository }

// URL is the address of the repository as policies know it.
func (r *Repository) URL() *url.URL {
	return &url.URL{Scheme: r.url().Scheme, Host: r.ref.registry, Path: "/" + r.ref.repository}
}

// url is where the registry is.
func (r *Repository) url() *url.URL {
	u := &url.URL{Scheme: "https", Host: r.remote.Reference.Host()}
	if r.plain {
		u.Scheme = "http"
	}
	return u
}

// Manifest returns the manifest of a tag or a digest. What arrives is what the digest says.
func (r *Repository) Manifest(ctx context.Context, version string) (d ocispec.Descriptor, data []byte, err error) {
	err = r.try(ctx, version, func() error {
		d, data, err = r.manifest(ctx, version)
		return err
	})
	return d, data, err
}

func (r *Repository) manifest(ctx context.Context, version string) (ocispec.Descriptor, []byte, error) {
	d, body, err := r.remote.FetchReference(ctx, version)
	if err != nil {
		return d, nil, err
	}
	defer body.Close()
	if d.Size > maxManifest {
		return d, nil, sizeError{limit: maxManifest}
	}
	data, err := io.ReadAll(io.LimitReader(body, d.Size+1))
	if err != nil {
		return d, nil, err
	}
	want := d.Digest
	if isSHA256(version) {
		want = digest.Digest(version)
	}
	return d, data, check(want, d.Size, digest.FromBytes(data), int64(len(data)))
}

// Tags lists the tags of a repository, at most max of them. A repository that the registry does not
// have is a [find.ErrNotFound].
func (r *Repository) Tags(ctx context.Context, max int) (all []string, err error) {
	err = r.try(ctx, "", func() error {
		all = nil
		err := r.remote.Tags(ctx, "", func(page []string) error {
			if all = append(all, page...); len(all) > max {
				return content("it is not used; ask who runs the registry", "it has more than %d tags", max)
			}
			return nil
		})
		var answer *errcode.ErrorResponse
		if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
			return errdef.ErrNotFound
		}
		return err
	})
	return all, err
}

// Referrers returns what in the repository refers to a manifest and is of a type, at most a page of
// it. A registry without an answer of its own has it under a tag, as the OCI distribution
// specification says.
func (r *Repository) Referrers(ctx context.Context, d ocispec.Descriptor, artifactType string) (all []ocispec.Descriptor, err error) {
	err = r.try(ctx, string(d.Digest), func() error {
		all = nil
		return r.remote.Referrers(ctx, d, artifactType, func(page []ocispec.Descriptor) error {
			all = append(all, page...)
			return nil
		})
	})
	return all, err
}

// check compares what arrived with what was promised.
func check(want digest.Digest, wantSize int64, got digest.Digest, size int64) error {
	switch {
	case size != wantSize:
		return sizeError{want: wantSize, got: size}
	case got != want:
		return digestError{want: want, got: got}
	}
	return nil
}

// Blob writes a blob to to, without the first part of it, which have holds; have is nil if there is
// none. What was written is the blob only if the error is nil. If the transfer fails, another call
// can go on where this one ended.
func (r *Repository) Blob(ctx context.Context, d ocispec.Descriptor, have io.Reader, to io.Writer) error {
	sum := sha256.New()
	got := int64(0)
	if have != nil {
		var err error
		if got, err = io.Copy(sum, have); err != nil {
			return err
		}
	}
	err := r.try(ctx, string(d.Digest), func() error {
		if got >= d.Size {
			return nil
		}
		body, err := r.body(ctx, d, got)
		if err != nil {
			return err
		}
		defer body.Close()
		n, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(body, d.Size-got+1))
		if got += n; err == nil && got < d.Size {
			err = brokenError{io.ErrUnexpectedEOF}
		}
		return err
	})
	if err != nil {
		return err
	}
	arrived := digest.NewDigestFromEncoded(digest.SHA256, hex.EncodeToString(sum.Sum(nil)))
	return r.explain(ctx, string(d.Digest), check(d.Digest, d.Size, arrived, got), 0)
}

// body opens a blob from an offset on.
func (r *Repository) body(ctx context.Context, d ocispec.Descriptor, offset int64) (io.ReadCloser, error) {
	body, err := r.remote.Blobs().Fetch(ctx, d)
	if err != nil || offset == 0 {
		return body, err
	}
	if seeker, ok := body.(io.Seeker); ok {
		_, err = seeker.Seek(offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, body, offset)
	}
	if err != nil {
		body.Close()
		return nil, err
	}
	return body, nil
}

// try runs a request until it is done, or its fault is one that stays.
func (r *Repository) try(ctx context.Context, version string, request func() error) error {
	for try := 0; ; try++ {
		err := request()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || try >= r.in.config.Retries || !passing(err) {
			return r.explain(ctx, version, err, try)
		}
		var status webclient.StatusError
		errors.As(err, &status)
		if err := webclient.Pause(ctx, r.session.Events, r.in.config.RetryDelay, try, status.After, r.String(), plain(err)); err != nil {
			return err
		}
	}
}

// Push sends a blob, unless the registry has it; sent reports whether it had to be.
func (r *Repository) Push(ctx context.Context, d ocispec.Descriptor, open func() (io.ReadCloser, error)) (sent bool, err error) {
	err = r.try(ctx, string(d.Digest), func() error {
		exists, err := r.remote.Blobs().Exists(ctx, d)
		if err != nil || exists {
			return err
		}
		data, err := open()
		if err != nil {
			return err
		}
		defer data.Close()
		sent = true
		return notThere(r.remote.Blobs().Push(ctx, d, data))
	})
	return sent && err == nil, err
}

// PushManifest sends a manifest, and makes a tag stand for it unless that is "".
func (r *Repository) PushManifest(ctx context.Context, d ocispec.Descriptor, data []byte, tag string) error {
	if tag == "" {
		tag = string(d.Digest)
	}
	return r.try(ctx, tag, func() error {
		return notThere(r.remote.Manifests().PushReference(ctx, d, bytes.NewReader(data), tag))
	})
}

// notThere tells a repository that cannot be written from one in which something is missing.
func notThere(err error) error {
	if errors.Is(err, errdef.ErrNotFound) {
		return webclient.StatusError{Code: http.StatusNotFound}
	}
	return err
}
