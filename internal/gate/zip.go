package gate

import (
	"archive/zip"
	"io"
	"os"
)

// Zip lets in the files of a zip archive. One that another program might read as another archive is
// refused: with anything before it, behind it or between its parts, or with files whose own headers
// contradict the directory.
func (t *Tree) Zip(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	directory, end, err := zipDirectory(f, size)
	if err != nil {
		return err
	}
	entries, err := countEntries(f, directory, end, t.limits.Files)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return refuse("", "it is not a zip archive: %v", err)
	}
	if len(z.File) != entries {
		return errBesides
	}
	for _, entry := range z.File {
		switch {
		case entry.NonUTF8 && !ascii(entry.Name):
			return refuse(entry.Name, "has a name that is not UTF-8")
		case entry.Flags&1 != 0:
			return refuse(entry.Name, "is encrypted")
		}
	}
	if err := checkLocal(f, z, directory); err != nil {
		return err
	}
	total := t.ratio(size)
	for _, entry := range z.File {
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
