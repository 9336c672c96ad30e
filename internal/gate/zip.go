package gate

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"os"
)

// Zip lets in the files of a zip archive. Its central directory alone counts; what comes before the archive or
// after it, which another program might read as an archive of its own, is refused.
func (t *Tree) Zip(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return refuse("", "it is not a zip archive: %v", err)
	}
	if !bounded(f, size, z) {
		return refuse("", "it holds data besides the zip archive")
	}
	total := t.ratio(size)
	for _, entry := range z.File {
		switch {
		case entry.NonUTF8 && !ascii(entry.Name):
			return refuse(entry.Name, "has a name that is not UTF-8")
		case entry.Flags&1 != 0:
			return refuse(entry.Name, "is encrypted")
		}
		if err := t.zipEntry(entry, total); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) zipEntry(entry *zip.File, total int64) error {
	r, err := entry.Open()
	if err != nil {
		return refuse(entry.Name, "cannot be read: %v", err)
	}
	defer r.Close()
	return t.file(entry.Name, entry.Mode(), r, total)
}

// bounded tells whether a file is a zip archive from its first byte to its last, and no second one.
func bounded(f *os.File, size int64, z *zip.Reader) bool {
	const trailer, trailer64 = 22, 56 + 20 // sizes of the end records, the latter for large archives
	at := size - trailer - int64(len(z.Comment))
	var start [4]byte
	var end [trailer]byte
	if _, err := f.ReadAt(start[:], 0); err != nil {
		return false
	}
	if _, err := f.ReadAt(end[:], at); err != nil || string(end[:4]) != "PK\x05\x06" {
		return false
	}
	directory := int64(binary.LittleEndian.Uint32(end[12:])) + int64(binary.LittleEndian.Uint32(end[16:]))
	return (directory == at || directory == at-trailer64) && (string(start[:]) == "PK\x03\x04" || len(z.File) == 0 && directory == 0)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ratio is the size that a tree may have once an archive of a size is unpacked into it.
func (t *Tree) ratio(size int64) int64 {
	return min(t.bytes+max(size*t.limits.Ratio, ratioFloor), t.limits.Bytes)
}
