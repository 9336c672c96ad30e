package gate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/loadgo/load/internal/quantity"
)

// TarGz lets in the files of a tar archive that is compressed with gzip.
func (t *Tree) TarGz(f *os.File) error {
	return t.compressed(f, "gzip", func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) })
}

// TarZst lets in the files of a tar archive that is compressed with Zstandard.
func (t *Tree) TarZst(f *os.File) error {
	return t.compressed(f, "Zstandard", func(r io.Reader) (io.ReadCloser, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	})
}

func (t *Tree) compressed(f *os.File, format string, open func(io.Reader) (io.ReadCloser, error)) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := open(f)
	if err != nil {
		return refuse("", "it is not compressed with %s: %v", format, err)
	}
	defer r.Close()
	return t.tar(r, t.ratio(info.Size()))
}

// Tar lets in the files of a tar archive that comes as a stream, to its end.
func (t *Tree) Tar(r io.Reader) error { return t.tar(r, t.limits.Bytes) }

func (t *Tree) tar(r io.Reader, total int64) error {
	// The headers, the padding and what is left out are not free either.
	stream := &meter{r: untilEnded{t, r}, left: total - t.bytes + int64(t.limits.Files)<<10}
	archive := tar.NewReader(stream)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return t.tarEnd(stream)
		}
		if err != nil {
			return stream.refusal(t, "", err)
		}
		if err := t.tarEntry(archive, h, total); err != nil {
			return stream.refusal(t, h.Name, err)
		}
	}
}

func (t *Tree) tarEntry(r io.Reader, h *tar.Header, total int64) error {
	mode := h.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeXGlobalHeader: // a comment, such as git's commit
		for key := range h.PAXRecords {
			if key != "comment" { // archive/tar ignores what others read for every file that follows
				return refuse("", "it sets %s for all its files", key)
			}
		}
		return nil
	case tar.TypeReg:
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				return refuse(h.Name, "is a sparse file")
			}
		}
	case tar.TypeDir, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	case tar.TypeLink:
		return refuse(h.Name, "is a hard link")
	default:
		return refuse(h.Name, "is of a type that no module needs (%q)", h.Typeflag)
	}
	return t.file(h.Name, mode, r, total)
}

// tarEnd reads what follows the archive: padding, and the sum of the compressed stream, which would
// tell that it was cut off. Anything else is another archive that another program might read.
func (t *Tree) tarEnd(stream *meter) error {
	zeros := make([]byte, len(t.buf))
	for {
		n, err := stream.Read(t.buf)
		if !bytes.Equal(t.buf[:n], zeros[:n]) {
			return refuse("", "it holds data behind the end of the tar archive")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return stream.refusal(t, "", err)
		}
	}
}

// meter fails where a stream has more than it may.
type meter struct {
	r    io.Reader
	left int64
}

var errExceeded = errors.New("it is larger than the limits allow")

func (m *meter) Read(p []byte) (int, error) {
	if m.left < 0 {
		return 0, errExceeded
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left+1)])
	if m.left -= int64(n); m.left < 0 {
		return 0, errExceeded
	}
	return n, err
}

// refusal makes the error of an archive that cannot be read to its end.
func (m *meter) refusal(t *Tree, name string, err error) error {
	var known *Error
	switch {
	case t.ended() != nil:
		return t.ended()
	case m.left < 0:
		return refuse("", "its stream is longer than its limits allow (%s of files, compressed %d times)", quantity.Size(t.limits.Bytes), t.limits.Ratio)
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(name, "the archive is cut off")
	case errors.Is(err, tar.ErrHeader), name == "":
		return refuse(name, "it is not a tar archive, or a broken one: %v", err)
	}
	return err
}
