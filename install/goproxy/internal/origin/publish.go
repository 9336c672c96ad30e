package origin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/policy"
)

// Content is what a module proxy serves of a version.
type Content struct {
	Info, Mod []byte
	Zip       *os.File
}

// An ExistsError reports that a registry has other contents of a version already.
type ExistsError struct{ At string }

func (e *ExistsError) Error() string {
	return e.At + ": the registry has this version already, with other contents\n\tgive the new contents a new version: who used the old ones would refuse these"
}

// Publish puts a version into the OCI registry at a URL, which may be that of an owner, and returns
// the digest of its manifest. sent reports whether it was not there.
func (o *Origin) Publish(ctx context.Context, session *install.Session, u *url.URL, owner policy.Owner, m module.Version, f Content) (d digest.Digest, sent bool, err error) {
	r := ociRepo{origin: o, session: session, from: Proxy{URL: u, owner: owner}, path: m.Path}
	tag, err := VersionTag(m.Version)
	if err != nil {
		return "", false, err
	}
	zip, err := describe(f.Zip)
	if err != nil {
		return "", false, err
	}
	content := Released{Info: descriptorOf(f.Info), Mod: descriptorOf(f.Mod), Zip: zip}
	err = r.try(ctx, func(repository *oci.Repository, at string) error {
		at += ":" + tag
		old, data, err := repository.Manifest(ctx, tag)
		if err == nil {
			d = old.Digest
			return content.same(at, old.MediaType, data)
		}
		if !errors.Is(err, find.ErrNotFound) {
			return r.explain(at, err)
		}
		sent = true
		d, err = content.push(ctx, repository, m.Version, tag, f)
		return r.explain(at, err)
	})
	return d, sent && err == nil, err
}

// same compares with what is there. The time in .info may differ: repositories and proxies round it
// in other ways.
func (r Released) same(at, mediaType string, manifest []byte) error {
	old, err := parseReleased(mediaType, manifest)
	if err != nil || old.Mod.Digest != r.Mod.Digest || old.Zip.Digest != r.Zip.Digest {
		return &ExistsError{at}
	}
	return nil
}

func (r Released) push(ctx context.Context, to *oci.Repository, version, tag string, f Content) (digest.Digest, error) {
	bytesOf := func(data []byte) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	for _, part := range []struct {
		ocispec.Descriptor
		open func() (io.ReadCloser, error)
	}{
		{ocispec.DescriptorEmptyJSON, bytesOf(ocispec.DescriptorEmptyJSON.Data)},
		{r.Info, bytesOf(f.Info)},
		{r.Mod, bytesOf(f.Mod)},
		{r.Zip, func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f.Zip, 0, r.Zip.Size)), nil }},
	} {
		if _, err := to.Push(ctx, part.Descriptor, part.open); err != nil {
			return "", err
		}
	}
	d, manifest, err := r.Manifest(version)
	if err != nil {
		return "", err
	}
	return d.Digest, to.PushManifest(ctx, d, manifest, tag)
}

func descriptorOf(data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "application/octet-stream", Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// describe hashes a file.
func describe(f *os.File) (ocispec.Descriptor, error) {
	info, err := f.Stat()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	d, err := digest.FromReader(io.NewSectionReader(f, 0, info.Size()))
	return ocispec.Descriptor{MediaType: "application/octet-stream", Digest: d, Size: info.Size()}, err
}

// Place reads the URL of an OCI registry.
func Place(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "oci" || u.User != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" || strings.ContainsAny(u.Path, ":@") || u.RawQuery != "" || u.Fragment != "" {
		return nil, &install.RegistryError{Reason: "modules go to an OCI registry", Fix: "give it as oci://REGISTRY/REPOSITORY, without a tag and a user"}
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}
