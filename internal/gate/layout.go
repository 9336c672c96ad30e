package gate

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// A zip archive says twice what it holds: in a header before each file, and in a directory at the
// end. Programs differ in which they believe, so an archive whose two accounts differ is another
// one for each of them. The checks here leave one account: headers, data and directory follow each
// other without a gap, and tell the same.

// Sizes of the parts of a zip archive that have one (APPNOTE.TXT 4.3).
const (
	localSize   = 30      // of a file's header, without its name
	centralSize = 46      // of an entry of the directory, without its name
	endSize     = 22      // of the record at the end, without its comment
	end64Size   = 56 + 20 // of the two further ones of a large archive
)

var errBesides = refuse("", "it holds data besides the zip archive")

// zipDirectory finds the directory of an archive, which has to end where the records at the end
// begin, and those where the file ends.
func zipDirectory(f io.ReaderAt, size int64) (at, end int64, err error) {
	tail := make([]byte, min(size, endSize+1<<16))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return 0, 0, err
	}
	record := -1
	for i := range max(len(tail)-endSize+1, 0) {
		if string(tail[i:i+4]) != "PK\x05\x06" || i+endSize+int(binary.LittleEndian.Uint16(tail[i+20:])) != len(tail) {
			continue
		}
		if record >= 0 {
			return 0, 0, refuse("", "it is two zip archives, one in the comment of the other")
		}
		record = i
	}
	if record < 0 {
		if bytes.Contains(tail, []byte("PK\x05\x06")) {
			return 0, 0, errBesides
		}
		return 0, 0, refuse("", "it is not a zip archive: %v", zip.ErrFormat)
	}
	length, at := int64(binary.LittleEndian.Uint32(tail[record+12:])), int64(binary.LittleEndian.Uint32(tail[record+16:]))
	end = size - int64(len(tail)-record)
	if record >= end64Size && string(tail[record-20:record-16]) == "PK\x06\x07" {
		large := tail[record-end64Size:]
		if string(large[:4]) != "PK\x06\x06" {
			return 0, 0, errBesides
		}
		end -= end64Size
		length, at = int64(binary.LittleEndian.Uint64(large[40:])), int64(binary.LittleEndian.Uint64(large[48:]))
	}
	if at < 0 || length < 0 || at > end || length != end-at {
		return 0, 0, errBesides
	}
	return at, end, nil
}

// countEntries returns how many entries the directory has, and gives up beyond a limit: before they
// take memory.
func countEntries(f io.ReaderAt, at, end int64, limit int) (int, error) {
	r := bufio.NewReader(io.NewSectionReader(f, at, end-at))
	var h [centralSize]byte
	for n := 0; ; n++ {
		_, err := io.ReadFull(r, h[:])
		if err == io.EOF {
			return n, nil
		}
		if err != nil || string(h[:4]) != "PK\x01\x02" {
			return 0, errBesides
		}
		if n == limit {
			return 0, tooMany(limit)
		}
		more := int(binary.LittleEndian.Uint16(h[28:])) + int(binary.LittleEndian.Uint16(h[30:])) + int(binary.LittleEndian.Uint16(h[32:]))
		if _, err := r.Discard(more); err != nil {
			return 0, errBesides
		}
	}
}

// checkLocal compares the header of each file with the directory, which starts at end. Files that
// share data do not follow each other.
func checkLocal(f io.ReaderAt, z *zip.Reader, end int64) error {
	type place struct {
		*zip.File
		data int64
	}
	places := make([]place, len(z.File))
	for i, file := range z.File {
		data, err := file.DataOffset()
		if err != nil {
			return refuse(file.Name, "cannot be read: %v", err)
		}
		places[i] = place{file, data}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.data, b.data) })
	at := int64(0)
	for _, p := range places {
		if at+localSize > p.data {
			return errBesides
		}
		header := make([]byte, min(p.data-at, localSize+1<<17))
		if _, err := f.ReadAt(header, at); err == io.EOF {
			return errBesides
		} else if err != nil {
			return err
		}
		name := localSize + int(binary.LittleEndian.Uint16(header[26:]))
		if string(header[:4]) != "PK\x03\x04" || at+int64(name)+int64(binary.LittleEndian.Uint16(header[28:])) != p.data {
			return errBesides
		}
		const streamed, shown = 8, 1 | 8 | 1<<11 // flags: sizes follow; those that change what is read
		flags := binary.LittleEndian.Uint16(header[6:])
		if string(header[localSize:name]) != p.Name || binary.LittleEndian.Uint16(header[8:]) != p.Method || (flags^p.Flags)&shown != 0 ||
			flags&streamed == 0 && binary.LittleEndian.Uint32(header[14:]) != p.CRC32 {
			return refuse(p.Name, "has another header than the archive's directory says")
		}
		at = p.data + int64(p.CompressedSize64)
		if flags&streamed != 0 {
			n, err := descriptorSize(f, at, p.File)
			if err != nil {
				return err
			}
			at += n
		}
	}
	if at != end {
		return errBesides
	}
	return nil
}

// descriptorSize is the size of what follows the data of a file whose size was not known before:
// with or without a mark, and with sizes of four or of eight bytes.
func descriptorSize(f io.ReaderAt, at int64, file *zip.File) (int64, error) {
	var found [24]byte
	n, err := f.ReadAt(found[:], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	sum := binary.LittleEndian.AppendUint32(nil, file.CRC32)
	small := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(sum, uint32(file.CompressedSize64)), uint32(file.UncompressedSize64))
	large := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(slices.Clone(sum), file.CompressedSize64), file.UncompressedSize64)
	for _, mark := range []string{"PK\x07\x08", ""} {
		for _, sizes := range [][]byte{large, small} {
			if want := append([]byte(mark), sizes...); bytes.HasPrefix(found[:n], want) {
				return int64(len(want)), nil
			}
		}
	}
	return 0, refuse(file.Name, "has another header than the archive's directory says")
}
