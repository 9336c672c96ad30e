package bundle

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/policy"
)

// documents reads the documents of a bundle: what its index leads to, without the files of
// artifacts. Read returns a blob whose digest was verified.
type documents struct {
	name string // of the bundle, for messages
	read func(descriptor) ([]byte, error)
}

// content is what a bundle holds for one system.
type content struct {
	manifest
	lock    []byte
	modules []module
	sources []file
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

// content reads what a manifest of the index is about.
func (d documents) content(top descriptor) (c content, err error) {
	name := blobName(top.Digest)
	data, err := d.read(top)
	if err != nil {
		return c, err
	}
	r := &reader{rest: data, texts: map[string]string{}}
	if c.manifest = r.manifest(); !r.done() {
		c.manifest = manifest{}
		r.odd = !decode(data, &c.manifest)
	}
	if r.odd || !c.manifest.valid() {
		return c, d.wrong(name, "it is not the manifest of a bundle")
	}
	config, err := d.read(c.Config)
	if err == nil && string(config) != emptyConfig {
		err = d.wrong(name, "it has a configuration")
	}
	if err != nil {
		return c, err
	}
	if c.lock, err = d.read(c.Layers[0]); err != nil {
		return c, err
	}
	listed, err := d.read(c.Layers[1])
	if err != nil {
		return c, err
	}
	c.modules, c.sources, err = d.table(listed, *top.Platform, c.parts(), r.texts)
	var wrong *FormatError
	if errors.As(err, &wrong) {
		wrong.Entry = blobName(c.Layers[1].Digest)
	}
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

// table reads the modules and sources of a table that is for a system; files are what the manifest
// lists, and texts are shared.
func (d documents) table(data []byte, of platform, files []descriptor, texts map[string]string) ([]module, []file, error) {
	r := &reader{rest: data, texts: texts}
	t := r.table()
	if !r.done() {
		if t = (table{}); !decode(data, &t) {
			return nil, nil, d.wrong("", "it is not the table of a bundle")
		}
		share(t.Modules)
	}
	if t.Platform != of {
		return nil, nil, d.wrong("", "it is for "+t.Platform.String()+", and the index says "+of.String())
	}
	sizes := make(map[string]int64, len(files))
	for _, f := range files {
		sizes[f.Digest] = f.Size
	}
	granted := map[string]bool{}
	for i := range t.Modules {
		if reason := t.Modules[i].check(sizes, granted); reason != "" {
			return nil, nil, d.wrong("", strconv.Quote(t.Modules[i].Asked)+" in its table: "+reason)
		}
	}
	if reason := checkFiles(t.Sources, sizes); reason != "" {
		return nil, nil, d.wrong("", "the sources in its table: "+reason)
	}
	return t.Modules, t.Sources, nil
}

// check returns what is wrong with a module of a table; sizes are those of the files that there
// are, and granted is what can be asked for, as far as it was looked at.
func (m *module) check(sizes map[string]int64, granted map[string]bool) string {
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
		if !granted[capability] {
			if err := policy.CheckRequest(capability); err != nil {
				return "it asks for " + strconv.Quote(capability) + ": " + err.Error()
			}
			granted[capability] = true
		}
		if i > 0 && m.Asks[i-1] >= capability {
			return "what it asks for is not in order"
		}
	}
	return checkFiles(m.Files, sizes)
}

// checkFiles returns what is wrong with a list of files; sizes are those of the files that there
// are.
func checkFiles(files []file, sizes map[string]int64) string {
	for i, f := range files {
		size, ok := sizes[f.Digest]
		switch {
		case !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, "\\:\x00"):
			return "its file " + strconv.Quote(f.Name) + " escapes from its folder"
		case i > 0 && files[i-1].Name >= f.Name:
			return "its files are not in order"
		case !ok || size != f.Size:
			return "its file " + f.Name + " is not in the bundle, or of another size"
		}
	}
	return ""
}
