package bundle

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// archive is a bundle's file. Opening it reads the index and the manifests, which say where
// everything else has to lie; whether it does is seen when it is read.
type archive struct {
	name      string // for messages
	from      io.ReaderAt
	memory    []byte // all of it; nil for a file
	size      int64
	at        int64 // where the next entry starts
	tops      []descriptor
	manifests []manifest      // those of tops
	documents map[string]blob // what lies before the other parts, by digest
	parts     []blob          // sorted by digest
	sums      []chan error    // of documents that are being verified
}

// blob is where a blob lies: offset is that of its header.
type blob struct {
	digest       string
	offset, size int64
}

// openArchive opens a bundle's file, which is in memory if that is not nil. What it read is not
// verified before [archive.verified] says so.
func openArchive(name string, from io.ReaderAt, memory []byte, size int64) (*archive, error) {
	if from == nil {
		from = bytes.NewReader(memory)
	}
	a := &archive{name: name, from: from, memory: memory, size: size, documents: map[string]blob{}}
	if err := a.head(); err != nil {
		return nil, a.verified(err)
	}
	return a, nil
}

// head reads the index and the manifests.
func (a *archive) head() error {
	text, err := a.next(layoutName, int64(len(layoutText)))
	if err != nil {
		return err
	}
	if string(text) != layoutText {
		return a.wrong(layoutName, "it is not an OCI image layout of version 1.0.0")
	}
	index, err := a.index()
	if err != nil {
		return err
	}
	d := a.reader()
	if a.tops, err = d.index(index); err != nil {
		return err
	}
	for _, top := range a.tops {
		if err := a.expect(top); err != nil {
			return err
		}
		m, err := d.manifest(top)
		if err != nil {
			return err
		}
		for _, document := range []descriptor{m.Config, m.Layers[0], m.Layers[1]} {
			if err := a.expect(document); err != nil {
				return err
			}
		}
		a.manifests = append(a.manifests, m)
	}
	return a.place()
}

func (a *archive) wrong(entry, reason string) error {
	return documents{name: a.name}.wrong(entry, reason)
}

// reader reads the documents. They are summed while they are understood, which takes as long.
func (a *archive) reader() documents {
	return documents{name: a.name, read: func(d descriptor) ([]byte, error) {
		data, err := a.blob(d.blob())
		if err != nil {
			return nil, err
		}
		sum := make(chan error, 1)
		a.sums = append(a.sums, sum)
		go func() { sum <- verify(a.name, d.Digest, data) }()
		return data, nil
	}}
}

// verified returns what is wrong with the documents that were read: that they are not what their
// digests say, or else what was found in them.
func (a *archive) verified(found error) error {
	for _, sum := range slices.Backward(a.sums) {
		if err := <-sum; err != nil {
			found = err
		}
	}
	a.sums = nil
	return found
}

// bytes are those of the file from a place on.
func (a *archive) bytes(at, n int64) ([]byte, error) {
	if at+n > a.size {
		return nil, a.wrong("", "the file is truncated")
	}
	if a.memory != nil {
		return a.memory[at:][:n:n], nil
	}
	data := make([]byte, n)
	if read, err := a.from.ReadAt(data, at); err != nil && !(err == io.EOF && read == len(data)) {
		return nil, a.wrong("", err.Error())
	}
	return data, nil
}

// entry returns the contents of the entry at a place, which has to have a name and a size.
func (a *archive) entry(name string, at, size int64) ([]byte, error) {
	if a.size-at < blockSize+padded(size) {
		return nil, a.wrong(name, "the file is truncated")
	}
	data, err := a.bytes(at, blockSize+padded(size))
	if err != nil {
		return nil, err
	}
	if err := a.isHeader(data[:blockSize], name, size); err != nil {
		return nil, err
	}
	data = data[blockSize:]
	if len(bytes.Trim(data[size:], "\x00")) > 0 {
		return nil, a.wrong(name, "something lies behind its contents")
	}
	return data[:size:size], nil
}

// isHeader compares a header with that of an entry.
func (a *archive) isHeader(found []byte, name string, size int64) error {
	if want := header(name, size); bytes.Equal(found, want[:]) {
		return nil
	}
	if at, _, _ := bytes.Cut(found[:100], []byte{0}); string(at) != name {
		return a.wrong(name, "it is missing, or not where it belongs: there is "+strconv.Quote(string(at)))
	}
	return a.wrong(name, "its header is not what the index says, "+strconv.FormatInt(size, 10)+" bytes of a regular file")
}

// next returns the contents of the next entry, and goes behind it.
func (a *archive) next(name string, size int64) ([]byte, error) {
	data, err := a.entry(name, a.at, size)
	a.at += blockSize + padded(size)
	return data, err
}

// index reads index.json.
func (a *archive) index() ([]byte, error) {
	head, err := a.bytes(a.at, blockSize)
	if err != nil {
		return nil, a.wrong(indexName, "the file is truncated")
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(head[124:136]), " \x00"), 8, 64)
	if err != nil || size < 0 || size > maxIndex {
		return nil, a.wrong(indexName, "it is missing, or larger than 1MiB")
	}
	return a.next(indexName, size)
}

// expect has the next entry be a document, unless it was there before.
func (a *archive) expect(d descriptor) error {
	if before, ok := a.documents[d.Digest]; ok {
		return a.isSize(before, d)
	}
	head, err := a.bytes(a.at, blockSize)
	if err != nil {
		return a.wrong(blobName(d.Digest), "the file is truncated")
	}
	if err := a.isHeader(head, blobName(d.Digest), d.Size); err != nil {
		return err
	}
	a.documents[d.Digest] = blob{d.Digest, a.at, d.Size}
	a.at += blockSize + padded(d.Size)
	return nil
}

func (a *archive) isSize(at blob, d descriptor) error {
	if at.size != d.Size {
		return a.wrong(blobName(d.Digest), "it is listed with two sizes")
	}
	return nil
}

// place works out where the parts lie that come after the documents, and whether the file ends
// behind them.
func (a *archive) place() error {
	var all []descriptor
	for _, m := range a.manifests {
		all = append(all, m.parts()...)
	}
	if len(a.manifests) > 1 { // each has them in order
		slices.SortStableFunc(all, func(a, b descriptor) int { return strings.Compare(a.Digest, b.Digest) })
	}
	a.parts = make([]blob, 0, len(all))
	for i, d := range all {
		before, ok := a.documents[d.Digest]
		if !ok && i > 0 && all[i-1].Digest == d.Digest {
			before, ok = a.parts[len(a.parts)-1], true
		}
		if ok {
			if err := a.isSize(before, d); err != nil {
				return err
			}
			continue
		}
		a.parts = append(a.parts, blob{d.Digest, a.at, d.Size})
		a.at += blockSize + padded(d.Size)
	}
	if a.size-a.at != trailer {
		return a.wrong("", "its end is not where it belongs: it was truncated, or something follows")
	}
	if end, err := a.bytes(a.at, trailer); err != nil || len(bytes.Trim(end, "\x00")) > 0 {
		return a.wrong("", "something follows its last entry")
	}
	return nil
}

// find returns where a blob lies that a manifest lists.
func (a *archive) find(digest string) blob {
	if at, ok := a.documents[digest]; ok {
		return at
	}
	i, _ := slices.BinarySearchFunc(a.parts, digest, func(b blob, digest string) int { return strings.Compare(b.digest, digest) })
	return a.parts[i]
}

// blob returns a blob as it lies in the file; its digest is not verified.
func (a *archive) blob(of Blob) ([]byte, error) {
	at := a.find(of.Digest)
	return a.entry(blobName(of.Digest), at.offset, at.size)
}

// copy writes a blob, and reports whether it is what its digest says.
func (a *archive) copy(of Blob, to io.Writer) error {
	section, err := a.section(of)
	if err != nil {
		return err
	}
	return copyVerified(a.name, of, section, to)
}

// section is the contents of a blob, to be read in parts.
func (a *archive) section(of Blob) (*io.SectionReader, error) {
	at := a.find(of.Digest)
	head, err := a.bytes(at.offset, blockSize)
	if err == nil {
		err = a.isHeader(head, blobName(of.Digest), at.size)
	}
	return io.NewSectionReader(a.from, at.offset+blockSize, at.size), err
}
