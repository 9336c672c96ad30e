package bundle

import (
	"bytes"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/find"
)

// reader walks through the entries of a bundle.
type reader struct {
	*Bundle
	size int64 // of the whole
	at   int64 // where the next entry starts
}

func (r *reader) wrong(entry, reason string) error {
	return &FormatError{File: r.file, Entry: entry, Reason: reason}
}

// read reads the index of a bundle of a size: all but the contents of artifacts' files.
func (b *Bundle) read(size int64) error {
	b.blobs = map[string]blob{}
	r := &reader{Bundle: b, size: size}
	if err := r.expect(layoutName, int64(len(layoutText))); err != nil {
		return err
	}
	if text, err := r.text(int64(len(layoutText))); err != nil || string(text) != layoutText {
		return r.wrong(layoutName, "it is not an OCI image layout of version 1.0.0")
	}
	manifests, err := r.index()
	if err != nil {
		return err
	}
	var platforms []string
	var files []descriptor
	found := false
	host := platform{OS: runtime.GOOS, Architecture: runtime.GOARCH}
	for _, d := range manifests {
		if slices.Contains(platforms, d.Platform.String()) {
			return r.wrong(indexName, "it has two manifests for "+d.Platform.String())
		}
		platforms = append(platforms, d.Platform.String())
		m, lock, modules, err := r.manifest(d)
		if err != nil {
			return err
		}
		files = append(files, m.Layers[2:]...)
		if *d.Platform == host {
			found = true
			b.lock, b.modules = lock, modules
		}
	}
	if err := r.files(files); err != nil {
		return err
	}
	if !found {
		return &PlatformError{File: b.file, Host: host.String(), Platforms: platforms}
	}
	b.byKey = make(map[string]*module, len(b.modules))
	for i, m := range b.modules {
		b.byKey[m.Key] = &b.modules[i]
		if m.Release != "" && !slices.Contains(b.releases, m.Release) {
			b.releases = append(b.releases, m.Release)
		}
	}
	return nil
}

// block reads the header of the next entry.
func (r *reader) block(entry string) ([]byte, error) {
	if r.size-r.at < blockSize {
		return nil, r.wrong(entry, "the file is truncated")
	}
	block := make([]byte, blockSize)
	if _, err := r.from.ReadAt(block, r.at); err != nil {
		return nil, r.wrong(entry, err.Error())
	}
	return block, nil
}

// expect goes into the next entry, which has to have a name and a size.
func (r *reader) expect(name string, size int64) error {
	block, err := r.block(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(block, header(name, size)) {
		if found, _, _ := bytes.Cut(block[:100], []byte{0}); string(found) != name {
			return r.wrong(name, "it is missing, or not where it belongs: there is "+strconv.Quote(string(found)))
		}
		return r.wrong(name, "its header is not what the index says, "+strconv.FormatInt(size, 10)+" bytes of a regular file")
	}
	if r.at += blockSize; r.size-r.at < padded(size) {
		return r.wrong(name, "the file is truncated")
	}
	return nil
}

// skip goes behind the contents of an entry.
func (r *reader) skip(size int64) { r.at += padded(size) }

// text reads the contents of an entry and goes behind it.
func (r *reader) text(size int64) ([]byte, error) {
	data := make([]byte, padded(size))
	if _, err := r.from.ReadAt(data, r.at); err != nil {
		return nil, r.wrong("", err.Error())
	}
	if len(bytes.Trim(data[size:], "\x00")) > 0 {
		return nil, r.wrong("", "something lies between its entries")
	}
	r.skip(size)
	return data[:size], nil
}

// index reads index.json.
func (r *reader) index() ([]descriptor, error) {
	block, err := r.block(indexName)
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(block[124:136]), " \x00"), 8, 64)
	if err != nil || size < 0 || size > maxIndex {
		return nil, r.wrong(indexName, "it is missing, or larger than 1 MiB")
	}
	if err := r.expect(indexName, size); err != nil {
		return nil, err
	}
	data, err := r.text(size)
	if err != nil {
		return nil, err
	}
	var i index
	ok := decode(data, &i)
	for _, d := range i.Manifests {
		if t := d.ArtifactType; t != bundleType && strings.HasPrefix(t, bundlePrefix) {
			return nil, &VersionError{File: r.file, Type: t}
		}
		ok = ok && d.ArtifactType == bundleType && d.MediaType == manifestType && d.Platform != nil && d.valid(maxText)
	}
	if !ok || i.SchemaVersion != 2 || i.MediaType != indexType || len(i.Manifests) == 0 {
		return nil, r.wrong(indexName, "it is not the index of a bundle")
	}
	return i.Manifests, nil
}

func (d descriptor) valid(most int64) bool {
	return isDigest(d.Digest) && d.Size >= 0 && d.Size <= most
}

// document reads the next blob, which has to be the one described, unless it was there before.
func (r *reader) document(d descriptor) ([]byte, error) {
	name := blobName(d.Digest)
	at, before := r.blobs[d.Digest]
	if before && at.size != d.Size {
		return nil, r.wrong(name, "it is listed with two sizes")
	}
	if before {
		data, verify, err := r.contents(d.Digest)
		if err == nil {
			err = verify()
		}
		return data, err
	}
	if err := r.expect(name, d.Size); err != nil {
		return nil, err
	}
	r.blobs[d.Digest] = blob{r.at, d.Size}
	data, err := r.text(d.Size)
	if err != nil {
		return nil, err
	}
	if digestOf(data) != d.Digest {
		return nil, &DamagedError{File: r.file, Digest: d.Digest, Reason: "its contents do not have that digest"}
	}
	return data, nil
}

// manifest reads a manifest and what it is about.
func (r *reader) manifest(d descriptor) (m manifest, lock []byte, modules []module, err error) {
	name := blobName(d.Digest)
	data, err := r.document(d)
	if err != nil {
		return m, nil, nil, err
	}
	ok := decode(data, &m) && m.SchemaVersion == 2 && m.MediaType == manifestType && m.ArtifactType == bundleType && m.Config.MediaType == emptyType &&
		m.Config.valid(maxText) && len(m.Layers) >= 2 && m.Layers[0].MediaType == lockType && m.Layers[0].valid(maxText) &&
		m.Layers[1].MediaType == tableType && m.Layers[1].valid(maxText)
	sizes := map[string]int64{}
	for i := 2; ok && i < len(m.Layers); i++ {
		layer := m.Layers[i]
		ok = layer.MediaType == fileType && layer.valid(maxBlob) && (i == 2 || m.Layers[i-1].Digest < layer.Digest)
		sizes[layer.Digest] = layer.Size
	}
	if !ok {
		return m, nil, nil, r.wrong(name, "it is not the manifest of a bundle")
	}
	config, err := r.document(m.Config)
	if err == nil && string(config) != emptyConfig {
		err = r.wrong(name, "it has a configuration")
	}
	if err != nil {
		return m, nil, nil, err
	}
	if lock, err = r.document(m.Layers[0]); err != nil {
		return m, nil, nil, err
	}
	listed, err := r.document(m.Layers[1])
	if err != nil {
		return m, nil, nil, err
	}
	var t table
	if !decode(listed, &t) {
		return m, nil, nil, r.wrong(blobName(m.Layers[1].Digest), "it is not the table of a bundle")
	}
	for _, m := range t.Modules {
		if reason := m.check(sizes); reason != "" {
			return manifest{}, nil, nil, r.wrong(name, strconv.Quote(m.Asked)+" in its table: "+reason)
		}
	}
	return m, lock, t.Modules, nil
}

// check returns what is wrong with a module of a table; sizes are those of the files that there are.
func (m *module) check(sizes map[string]int64) string {
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
	}
	for i, f := range m.Files {
		size, ok := sizes[f.Digest]
		switch {
		case !fs.ValidPath(f.Name) || strings.ContainsAny(f.Name, "\\:\x00"):
			return "its file " + strconv.Quote(f.Name) + " escapes from its folder"
		case i > 0 && m.Files[i-1].Name >= f.Name:
			return "its files are not in order"
		case !ok || size != f.Size:
			return "its file " + f.Name + " is not in the bundle, or of another size"
		}
	}
	return ""
}

// files goes through the files of all artifacts to the end.
func (r *reader) files(files []descriptor) error {
	slices.SortFunc(files, func(a, b descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	for _, d := range files {
		if at, ok := r.blobs[d.Digest]; ok {
			if at.size != d.Size {
				return r.wrong(blobName(d.Digest), "it is listed with two sizes")
			}
			continue
		}
		if err := r.expect(blobName(d.Digest), d.Size); err != nil {
			return err
		}
		r.blobs[d.Digest] = blob{r.at, d.Size}
		r.skip(d.Size)
	}
	if r.size-r.at != trailer {
		return r.wrong("", "its end is not where it belongs: it was truncated, or something follows")
	}
	if end, err := r.text(trailer); err != nil || len(bytes.Trim(end, "\x00")) > 0 {
		return r.wrong("", "something follows its last entry")
	}
	return nil
}
