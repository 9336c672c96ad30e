package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Damage is something in a store that is not as it was put there.
type Damage struct {
	Kind   string `json:"kind"` // "module", "source", "artifact", "record"
	Name   string `json:"name"` // "example.com/a@v1.0.0", a sum, a key, a file
	Reason string `json:"reason"`
	Repair string `json:"repair"` // what will bring it back once it is removed

	remove func(s *Store) error
}

// Report tells what [Store.Verify] looked at.
type Report struct {
	Modules   int      `json:"modules"`
	Sources   int      `json:"sources"` // other trees
	Artifacts int      `json:"artifacts"`
	Records   int      `json:"records"`
	Bytes     int64    `json:"bytes"` // that were read
	Damaged   []Damage `json:"damaged"`
	// Unlisted are files and directories that no record leads to, by their names in the store.
	// Nothing reads them.
	Unlisted []string `json:"unlisted"`
}

// Verify reads everything in the store, with as many goroutines as there are cores, and compares it
// with its sums. It changes nothing. Where ctx ends first, the error is its cause.
func (s *Store) Verify(ctx context.Context) (*Report, error) {
	report := &Report{Damaged: []Damage{}, Unlisted: []string{}}
	var mu sync.Mutex
	work := make(chan func() (bytes int64, damage *Damage))
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for check := range work {
				bytes, damage := check()
				mu.Lock()
				report.Bytes += bytes
				if damage != nil {
					report.Damaged = append(report.Damaged, *damage)
				}
				mu.Unlock()
			}
		})
	}
	err := s.checks(ctx, report, work)
	close(work)
	workers.Wait()
	if err == nil {
		var strays []string
		strays, err = s.unlisted()
		report.Unlisted = append(report.Unlisted, strays...)
	}
	return report, err
}

// checks hands out a check for everything in the store.
func (s *Store) checks(ctx context.Context, report *Report, work chan<- func() (int64, *Damage)) error {
	give := func(count *int, check func() (int64, *Damage)) error {
		select {
		case work <- check:
			*count++
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for t, err := range s.modules() {
		if err != nil {
			return err
		}
		if err := give(&report.Modules, func() (int64, *Damage) { return s.checkModule(t) }); err != nil {
			return err
		}
	}
	trees, err := s.sourceTrees()
	if err != nil {
		return err
	}
	for _, t := range trees {
		if err := give(&report.Sources, func() (int64, *Damage) { return s.checkSource(t) }); err != nil {
			return err
		}
	}
	paths, err := s.sourceRecordFiles()
	if err != nil {
		return err
	}
	for _, path := range paths {
		err := give(&report.Records, func() (int64, *Damage) {
			r := new(SourceRecord)
			return s.checkRecord(path, r, func() (string, error) { return s.sourceRecordFile(r.Name), nil })
		})
		if err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(s.objDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if checkKey(entry.Name()) != nil {
			continue
		}
		if err := give(&report.Artifacts, func() (int64, *Damage) { return s.checkArtifact(entry.Name()) }); err != nil {
			return err
		}
	}
	if err := give(new(int), func() (int64, *Damage) {
		return s.checkRecord(s.releasesFile(), new([]string), func() (string, error) { return s.releasesFile(), nil })
	}); err != nil {
		return err
	}
	return s.eachRecord(func(path string) error {
		return give(&report.Records, func() (int64, *Damage) {
			r := new(Record)
			return s.checkRecord(path, r, func() (string, error) { return s.recordFile(r.Target, r.Package, r.Version, r.Along) })
		})
	})
}

// Repair removes damaged things, so that the next load brings them back.
func (s *Store) Repair(damaged []Damage) error {
	var errs []error
	for _, d := range damaged {
		errs = append(errs, d.remove(s))
	}
	return errors.Join(errs...)
}

// eachRecord calls f with the file of every record, of every target.
func (s *Store) eachRecord(f func(path string) error) error {
	return filepath.WalkDir(s.recordsDir(), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !strings.HasSuffix(path, ".json") || !strings.HasPrefix(filepath.Base(filepath.Dir(path)), recordsName) {
			return err
		}
		if err := f(path); err != nil || !d.IsDir() {
			return err
		}
		return fs.SkipDir // no record is a directory
	})
}
