package origin

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// In an OCI registry, each module has a repository of its own below the one that a policy names.
// Each version is a tag of it, which stands for a manifest with three layers: what a module proxy
// serves as .info, .mod and .zip.
const (
	ModuleType = "application/vnd.loadgo.module.v1" // artifact type of the manifest

	infoType = "application/vnd.loadgo.module.info.v1+json"
	modType  = "application/vnd.loadgo.module.mod.v1"
	zipType  = "application/vnd.loadgo.module.v1+zip"
)

// Released is the content of a module version in an OCI registry.
type Released struct{ Info, Mod, Zip ocispec.Descriptor }

var plainElement = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)

// RepositoryName returns the repository of a module path. Elements that repositories may not have,
// and those with "_", begin with "x" and have "__" and two hexadecimal digits for each byte that is
// neither a small letter nor a digit: no two paths have one name.
func RepositoryName(path string) (string, error) {
	if err := module.CheckPath(path); err != nil {
		return "", err
	}
	elements := strings.Split(path, "/")
	for i, element := range elements {
		if plainElement.MatchString(element) {
			continue
		}
		b := []byte("x")
		for _, c := range []byte(element) {
			if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
				b = append(b, c)
			} else {
				b = fmt.Appendf(b, "__%02x", c)
			}
		}
		elements[i] = string(b)
	}
	return strings.Join(elements, "/"), nil
}

// maxTag is how long a tag may be.
const maxTag = 128

// VersionTag returns the tag of an exact version. No version holds "_", which stands for its "+".
func VersionTag(version string) (string, error) {
	if module.CanonicalVersion(version) != version || version == "" {
		return "", fmt.Errorf("%.100q is no version such as v1.2.3; the registry has nothing else", version)
	}
	if len(version) > maxTag {
		return "", fmt.Errorf("the version %.40s… has more than the %d letters of a tag", version, maxTag)
	}
	return strings.ReplaceAll(version, "+", "_"), nil
}

func tagVersion(tag string) string { return strings.ReplaceAll(tag, "_", "+") }

// Manifest makes the manifest of a version.
func (r Released) Manifest(version string) (ocispec.Descriptor, []byte, error) {
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: ModuleType,
		Config: ocispec.Descriptor{MediaType: ocispec.MediaTypeEmptyJSON, Digest: ocispec.DescriptorEmptyJSON.Digest, Size: ocispec.DescriptorEmptyJSON.Size},
	}
	for _, l := range []struct {
		ocispec.Descriptor
		mediaType, extension string
	}{{r.Info, infoType, ".info"}, {r.Mod, modType, ".mod"}, {r.Zip, zipType, ".zip"}} {
		m.Layers = append(m.Layers, ocispec.Descriptor{
			MediaType: l.mediaType, Digest: l.Digest, Size: l.Size, Annotations: map[string]string{ocispec.AnnotationTitle: version + l.extension},
		})
	}
	data, err := json.Marshal(m)
	return ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}, data, err
}

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// parseReleased reads a manifest. It is refused unless it has what Manifest writes; layers of other
// types are passed over.
func parseReleased(mediaType string, data []byte) (r Released, err error) {
	var m ocispec.Manifest
	if mediaType != ocispec.MediaTypeImageManifest || json.Unmarshal(data, &m) != nil || m.ArtifactType != ModuleType {
		return r, fmt.Errorf("it is no manifest of a Go module (%s)", ModuleType)
	}
	kinds := map[string]struct {
		to    *ocispec.Descriptor
		limit int64
	}{infoType: {&r.Info, MaxInfo}, modType: {&r.Mod, zip.MaxGoMod}, zipType: {&r.Zip, zip.MaxZipFile}}
	for _, l := range m.Layers {
		kind, ok := kinds[l.MediaType]
		switch {
		case !ok:
			continue
		case kind.to.Digest != "":
			return r, fmt.Errorf("it has two layers of the type %s", l.MediaType)
		case len(l.URLs) > 0 || !sha256Digest.MatchString(string(l.Digest)) || l.Size < 0:
			return r, fmt.Errorf("its layer of the type %s has no SHA-256 digest and size, or lies elsewhere", l.MediaType)
		case l.Size > kind.limit:
			return r, fmt.Errorf("its layer of the type %s: %w", l.MediaType, tooLarge(kind.limit))
		}
		*kind.to = ocispec.Descriptor{MediaType: l.MediaType, Digest: l.Digest, Size: l.Size}
	}
	for mediaType, kind := range kinds {
		if kind.to.Digest == "" {
			return r, fmt.Errorf("it has no layer of the type %s", mediaType)
		}
	}
	return r, nil
}
