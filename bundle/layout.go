package bundle

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
)

// documents reads the documents of a bundle: what its index leads to, without the files of
// artifacts. Read returns a blob whose digest was verified, or will be before anybody gets to see
// what was understood of it.
type documents struct {
	name string // of the bundle, for messages
	read func(descriptor) ([]byte, error)
}

// content is what a bundle holds for one system.
type content struct {
	manifest
	lock  []byte
	table *listing
}

func (d documents) wrong(entry, reason string) error {
	return &FormatError{File: d.name, Entry: entry, Reason: reason}
}

// index reads the index, which lists one manifest for each system.
func (d documents) index(data []byte) ([]descriptor, error) {
	var i index
	ok := decode(data, &i)
	var platforms []platform
	for _, m := range i.Manifests {
		if t := m.ArtifactType; t != bundleType && strings.HasPrefix(t, bundlePrefix) {
			return nil, &VersionError{File: d.name, Type: t}
		}
		ok = ok && m.ArtifactType == bundleType && m.MediaType == manifestType && m.Platform != nil && m.valid(maxText)
		if ok && slices.Contains(platforms, *m.Platform) {
			return nil, d.wrong(indexName, "it has two manifests for "+m.Platform.String())
		}
		if ok {
			platforms = append(platforms, *m.Platform)
		}
	}
	if !ok || i.SchemaVersion != 2 || i.MediaType != indexType || len(i.Manifests) == 0 {
		return nil, d.wrong(indexName, "it is not the index of a bundle")
	}
	return i.Manifests, nil
}

func (d descriptor) valid(most int64) bool {
	return isDigest(d.Digest) && d.Size >= 0 && d.Size <= most
}

// manifest reads a manifest of the index.
func (d documents) manifest(top descriptor) (m manifest, err error) {
	data, err := d.read(top)
	if err != nil {
		return m, err
	}
	r := &reader{rest: textOf(data)}
	if m = r.manifest(); !r.done() {
		m = manifest{}
		r.odd = !decode(data, &m)
	}
	if r.odd || !m.valid() {
		return m, d.wrong(blobName(top.Digest), "it is not the manifest of a bundle")
	}
	return m, nil
}

// content reads what a manifest of the index is about.
func (d documents) content(top descriptor, m manifest) (c content, err error) {
	c.manifest = m
	config, err := d.read(m.Config)
	if err == nil && string(config) != emptyConfig {
		err = d.wrong(blobName(top.Digest), "it has a configuration")
	}
	if err != nil {
		return c, err
	}
	if c.lock, err = d.read(m.Layers[0]); err != nil {
		return c, err
	}
	listed, err := d.read(m.Layers[1])
	if err != nil {
		return c, err
	}
	c.table, err = d.newListing(listed, top, m)
	return c, err
}

// valid reports whether a manifest lists the lock file, the table and then the other parts in
// order, of which one at most is a bill of materials.
func (m *manifest) valid() bool {
	ok := m.SchemaVersion == 2 && m.MediaType == manifestType && m.ArtifactType == bundleType && m.Config.MediaType == emptyType &&
		m.Config.valid(maxText) && len(m.Layers) >= 2 && m.Layers[0].MediaType == lockType && m.Layers[0].valid(maxText) &&
		m.Layers[1].MediaType == tableType && m.Layers[1].valid(maxText)
	bills := 0
	for i := 2; ok && i < len(m.Layers); i++ {
		ok = m.Layers[i].valid(maxBlob) && (i == 2 || m.Layers[i-1].Digest < m.Layers[i].Digest)
		switch m.Layers[i].MediaType {
		case fileType:
		case materialsType:
			bills++
			ok = ok && m.Layers[i].Size <= maxText
		default:
			ok = false
		}
	}
	return ok && bills <= 1
}

// parts are the files of artifacts, the sources and the bill of materials.
func (m *manifest) parts() []descriptor { return m.Layers[2:] }

// materials is the bill of materials, if there is one.
func (m *manifest) materials() (Blob, bool) {
	i := slices.IndexFunc(m.Layers, func(d descriptor) bool { return d.MediaType == materialsType })
	if i < 0 {
		return Blob{}, false
	}
	return m.Layers[i].blob(), true
}

// check returns what is wrong with a module of a table; parts are the files that there are, sorted
// by digest.
func (m *module) check(parts []descriptor) string {
	name, err := find.ParseName(m.Asked)
	switch {
	case err != nil:
		return err.Error()
	case name.Form != m.Form || name.Alias != "" || name.Query != "" || asked(name) != m.Asked:
		return "it is not spelled as a name is"
	case len(m.Key) != 64 || !isDigest(shaPrefix+m.Key):
		return "its key is none"
	case !slices.Contains([]find.Kind{find.KindGo, find.KindStarlark, find.KindWasm}, m.Spec.Kind):
		return "it is of the unknown kind " + strconv.Quote(string(m.Spec.Kind))
	case m.Spec.Hash == "" || m.Spec.Name == "" || len(m.Files) == 0:
		return "it is not complete"
	case m.Spec.File != "" && !fs.ValidPath(m.Spec.File):
		return "its file escapes from its folder"
	case len(m.Spec.Published) > 0 && len(m.Spec.Published) != len(m.Spec.BuildList):
		return "its times are not those of its build list"
	}
	for i, capability := range m.Asks {
		if err := policy.CheckRequest(capability); err != nil {
			return "it asks for " + strconv.Quote(capability) + ": " + err.Error()
		}
		if i > 0 && m.Asks[i-1] >= capability {
			return "what it asks for is not in order"
		}
	}
	return checkFiles(m.Files, parts)
}

// checkFiles returns what is wrong with a list of files; parts are those that there are, sorted by
// digest.
func checkFiles(files []file, parts []descriptor) string {
	for i, f := range files {
		at, ok := slices.BinarySearchFunc(parts, f.Digest, func(d descriptor, digest string) int { return strings.Compare(d.Digest, digest) })
		switch {
		case !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, "\\:\x00"):
			return "its file " + strconv.Quote(f.Name) + " escapes from its folder"
		case i > 0 && files[i-1].Name >= f.Name:
			return "its files are not in order"
		case !ok || parts[at].Size != f.Size:
			return "its file " + f.Name + " is not in the bundle, or of another size"
		}
	}
	return ""
}
