package bundle

import (
	"bytes"
	"io"
	"maps"
	"strconv"
	"strings"
)

// archive walks through the entries of a bundle's file.
type archive struct {
	documents
	from  io.ReaderAt
	size  int64           // of the whole
	at    int64           // where the next entry starts
	blobs map[string]blob // what was passed, by digest
	head  [blockSize]byte // of the last entry
}

// blob is where a blob lies.
type blob struct{ offset, size int64 }

// readArchive reads all of a bundle's file but the contents of artifacts' files: what it holds for
// each system, in the order of its index.
func readArchive(name string, from io.ReaderAt, size int64) (l *Layout, a *archive, err error) {
	a = &archive{from: from, size: size, blobs: map[string]blob{}}
	a.documents = documents{name: name, read: a.document}
	if err := a.expect(layoutName, int64(len(layoutText))); err != nil {
		return nil, nil, err
	}
	if text, err := a.text(int64(len(layoutText))); err != nil || string(text) != layoutText {
		return nil, nil, a.wrong(layoutName, "it is not an OCI image layout of version 1.0.0")
	}
	data, err := a.indexText()
	if err != nil {
		return nil, nil, err
	}
	if l, err = a.layout(data); err != nil {
		return nil, nil, err
	}
	return l, a, a.files(l.Blobs())
}

// block reads the header of the next entry.
func (a *archive) block(entry string) ([]byte, error) {
	if a.size-a.at < blockSize {
		return nil, a.wrong(entry, "the file is truncated")
	}
	block := a.head[:]
	if _, err := a.from.ReadAt(block, a.at); err != nil {
		return nil, a.wrong(entry, err.Error())
	}
	return block, nil
}

// expect goes into the next entry, which has to have a name and a size.
func (a *archive) expect(name string, size int64) error {
	block, err := a.block(name)
	if err != nil {
		return err
	}
	if a.head != header(name, size) {
		if found, _, _ := bytes.Cut(block[:100], []byte{0}); string(found) != name {
			return a.wrong(name, "it is missing, or not where it belongs: there is "+strconv.Quote(string(found)))
		}
		return a.wrong(name, "its header is not what the index says, "+strconv.FormatInt(size, 10)+" bytes of a regular file")
	}
	if a.at += blockSize; a.size-a.at < padded(size) {
		return a.wrong(name, "the file is truncated")
	}
	return nil
}

// text reads the contents of an entry and goes behind it.
func (a *archive) text(size int64) ([]byte, error) {
	data := make([]byte, padded(size))
	if _, err := a.from.ReadAt(data, a.at); err != nil {
		return nil, a.wrong("", err.Error())
	}
	if len(bytes.Trim(data[size:], "\x00")) > 0 {
		return nil, a.wrong("", "something lies between its entries")
	}
	a.at += padded(size)
	return data[:size], nil
}

// indexText reads index.json.
func (a *archive) indexText() ([]byte, error) {
	block, err := a.block(indexName)
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(block[124:136]), " \x00"), 8, 64)
	if err != nil || size < 0 || size > maxIndex {
		return nil, a.wrong(indexName, "it is missing, or larger than 1MiB")
	}
	if err := a.expect(indexName, size); err != nil {
		return nil, err
	}
	return a.text(size)
}

// document reads the next blob, which has to be the one described, unless it was there before.
func (a *archive) document(d descriptor) ([]byte, error) {
	name := blobName(d.Digest)
	at, before := a.blobs[d.Digest]
	if before && at.size != d.Size {
		return nil, a.wrong(name, "it is listed with two sizes")
	}
	if before {
		data, err := a.unverified(d.blob())
		if err != nil {
			return nil, err
		}
		return data, verify(a.name, d.Digest, data)
	}
	if err := a.expect(name, d.Size); err != nil {
		return nil, err
	}
	a.blobs[d.Digest] = blob{a.at, d.Size}
	data, err := a.text(d.Size)
	if err != nil {
		return nil, err
	}
	return data, verify(a.name, d.Digest, data)
}

// files goes through the blobs that come after the documents, to the end.
func (a *archive) files(blobs []Blob) error {
	documents := a.blobs
	a.blobs = make(map[string]blob, len(blobs))
	maps.Copy(a.blobs, documents)
	for _, b := range blobs {
		if at, ok := a.blobs[b.Digest]; ok {
			if at.size != b.Size {
				return a.wrong(blobName(b.Digest), "it is listed with two sizes")
			}
			continue
		}
		if err := a.expect(blobName(b.Digest), b.Size); err != nil {
			return err
		}
		a.blobs[b.Digest] = blob{a.at, b.Size}
		a.at += padded(b.Size)
	}
	if a.size-a.at != trailer {
		return a.wrong("", "its end is not where it belongs: it was truncated, or something follows")
	}
	if end, err := a.text(trailer); err != nil || len(bytes.Trim(end, "\x00")) > 0 {
		return a.wrong("", "something follows its last entry")
	}
	return nil
}
