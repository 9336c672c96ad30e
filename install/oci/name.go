package oci

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/opencontainers/go-digest"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"oras.land/oras-go/v2/registry"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/webhost"
)

// scheme begins the names of this package.
const scheme = "oci::"

// reference is a name taken apart.
type reference struct {
	asked      string // the name's target
	registry   string // host, with its port if that is not 443
	repository string
	tag        string // "latest" where the name has neither tag nor digest
	digest     string // "sha256:…", or "": it counts, and not the tag
	dir        string // of the module within what is fetched, slash-separated; "" is the whole
}

// String returns the canonical name, the same for every spelling and every version.
func (r *reference) String() string {
	s := scheme + r.registry + "/" + r.repository
	if r.dir != "" {
		s += "//" + r.dir
	}
	return s
}

// where is the address for messages.
func (r *reference) where() string {
	s := r.registry + "/" + r.repository
	switch {
	case r.digest != "":
		return s + "@" + r.digest
	case r.tag != "":
		return s + ":" + r.tag
	}
	return s
}

// changing reports whether the tag leads elsewhere tomorrow, as "latest" and "v1" do and "v1.2.3"
// should not.
func (r *reference) changing() bool {
	version := "v" + strings.TrimPrefix(r.tag, "v")
	return r.digest == "" && semver.Canonical(version) != version
}

// isSHA256 reports whether a text is a SHA-256 digest.
func isSHA256(text string) bool {
	return strings.HasPrefix(text, "sha256:") && digest.Digest(text).Validate() == nil
}

// dockerHub are further hosts of docker.io: policies know it by one name.
var dockerHub = map[string]bool{"index.docker.io": true, "registry-1.docker.io": true, "registry.hub.docker.com": true}

// parse takes the target of a name apart. The error is a [*find.NameError].
func parse(target string) (*reference, error) {
	r := &reference{asked: target}
	if err := r.parse(strings.TrimPrefix(target, scheme)); err != nil {
		shown := target
		if host, rest, ok := strings.Cut(strings.TrimPrefix(target, scheme), "/"); ok && strings.Contains(host, "@") {
			shown = scheme + "…" + host[strings.LastIndex(host, "@"):] + "/" + rest
		}
		return nil, &find.NameError{Name: shown, Reason: err.Error()}
	}
	return r, nil
}

func (r *reference) parse(text string) error {
	if rest, ok := strings.CutPrefix(text, "oci://"); ok {
		return fmt.Errorf("write oci::%s", rest)
	}
	text, dir, hasDir := strings.Cut(text, "//")
	if r.dir = strings.TrimSuffix(dir, "/"); hasDir && (!fs.ValidPath(r.dir) || r.dir == "." || module.CheckFilePath(r.dir) != nil) {
		return fmt.Errorf("%q is no directory within it", "//"+dir)
	}
	host, path, ok := strings.Cut(text, "/")
	r.registry = strings.TrimSuffix(strings.ToLower(host), ":443")
	switch {
	case !ok || path == "":
		return fmt.Errorf("it names no repository: write oci::REGISTRY/REPOSITORY[:TAG]")
	case strings.Contains(host, "@"):
		return fmt.Errorf("it holds a user: keep that in the docker configuration, with `docker login`")
	case webhost.Doubt(host) != "":
		return fmt.Errorf("its host %q %s", host, webhost.Doubt(host))
	case !strings.ContainsAny(r.registry, ".:") && r.registry != "localhost":
		return fmt.Errorf("%q is no registry: write docker.io/%s for that of Docker", host, text)
	}
	path, r.digest, ok = strings.Cut(path, "@")
	if ok && !isSHA256(r.digest) {
		return fmt.Errorf("its digest %q is not sha256: and 64 hexadecimal digits", r.digest)
	}
	path, r.tag, ok = strings.Cut(path, ":")
	switch {
	case ok && registry.Reference{Reference: r.tag}.ValidateReferenceAsTag() != nil:
		return fmt.Errorf("%q is no tag", r.tag)
	case r.tag == "" && r.digest == "":
		r.tag = "latest"
	}
	r.repository = path
	if dockerHub[r.registry] {
		return fmt.Errorf("it has another name for docker.io: write oci::docker.io/%s", strings.TrimPrefix(text, host+"/"))
	}
	ref := registry.Reference{Registry: r.registry, Repository: r.repository}
	if ref.ValidateRegistry() != nil || webhost.Canonical(ref.Registry) == "" {
		return fmt.Errorf("%q is no registry", host)
	}
	if ref.ValidateRepository() != nil {
		return fmt.Errorf("%q is no repository: it holds small letters, digits and . _ - / only", r.repository)
	}
	return nil
}
