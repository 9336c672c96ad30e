package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The file of a record is {"sum":"<SHA-256 of the record's bytes>","record":<record>}.
const (
	recordStart  = `{"sum":"`
	recordMiddle = `","record":`
	recordEnd    = "}\n"
)

// recordFormat names the directories of records, installed/1 and sources/1. It is raised when a
// field of a record is added on which something depends, or means something else: a load reads only
// records that mean what it takes them for, and those of loads of other formats, which may use the
// same store, stay as they are.
const recordFormat = "1"

// recordsDir is the directory of the packages' records, and sourceRecordDir that of other sources'.
func (s *Store) recordsDir() string      { return filepath.Join(s.dir, "installed", recordFormat) }
func (s *Store) sourceRecordDir() string { return filepath.Join(s.dir, "sources", recordFormat) }

// maxRecord bounds what is read of a record's file.
const maxRecord = 64 << 20

// putRecordFile puts a record in the place of the one that the file holds.
func (s *Store) putRecordFile(path string, record any) error {
	data, err := json.Marshal(record)
	if err != nil {
		return err
	}
	dir, remove, err := s.Temp("record")
	if err != nil {
		return err
	}
	defer remove()
	total := sha256.Sum256(data)
	temp := filepath.Join(dir, "record")
	whole := recordStart + hex.EncodeToString(total[:]) + recordMiddle + string(data) + recordEnd
	if err := writeSynced(temp, []byte(whole)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return writeError(filepath.Dir(path), err)
	}
	return rename(temp, path)
}

// readRecordFile reads a record; false tells that there is none that is whole. own returns the file
// that the record belongs into. A damaged record is removed, so that another can take its place.
func readRecordFile(path string, record any, own func() (string, error)) (bool, error) {
	data, err := ReadFile(path, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil && !isBad(err) {
		return false, err
	}
	if err == nil && parseRecord(data, record) {
		if place, err := own(); err == nil && place == path {
			return true, nil
		}
	}
	_ = os.RemoveAll(path) // a read-only store keeps it, and it stays without effect
	return false, nil
}

func parseRecord(data []byte, record any) bool {
	data, ok1 := bytes.CutPrefix(data, []byte(recordStart))
	stated, data, ok2 := bytes.Cut(data, []byte(recordMiddle))
	data, ok3 := bytes.CutSuffix(data, []byte(recordEnd))
	total := sha256.Sum256(data)
	return ok1 && ok2 && ok3 && string(stated) == hex.EncodeToString(total[:]) && json.Unmarshal(data, record) == nil
}
