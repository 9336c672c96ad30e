package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/store"
)

// Records that a load of another format wrote are not read, whatever they hold, and stay where they
// are for that load: they count as none for what is installed, in use, damaged or removed.
func TestRecordsOfOtherFormats(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"", "0", "2"} {
		s := open(t)
		const pkg = "example.com/a"
		source := &store.SourceRecord{Name: "file:///srv/rules", Version: "h1:x", Sum: "h1:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="}
		put(t, s, record(pkg, "v1.1.0"))
		require.NoError(t, s.PutSourceRecord(source))
		var files []string
		for _, kind := range []string{"installed", "sources"} {
			dir := filepath.Join(s.Dir(), kind)
			aside := filepath.Join(t.TempDir(), kind)
			require.NoError(t, os.Rename(filepath.Join(dir, "1"), aside))
			if format == "" { // as before there were formats
				require.NoError(t, os.Remove(dir))
			}
			require.NoError(t, os.Rename(aside, filepath.Join(dir, format)))
			found, err := filepath.Glob(filepath.Join(dir, format, "*.json"))
			require.NoError(t, err)
			files = append(files, found...)
		}
		files = append(files, filepath.Join(s.Dir(), "installed", format, target, pkg, "@v/v1.1.0.json"))
		require.Len(t, files, 2)

		assert.Empty(t, versions(t, s, target, pkg))
		r, err := s.Record(target, pkg, "v1.1.0")
		require.NoError(t, err)
		assert.Nil(t, r)
		for r, err := range s.AllRecords(target) {
			assert.Fail(t, "it is read", "%v, %v", r, err)
		}
		from, err := s.SourceRecord(source.Name)
		require.NoError(t, err)
		assert.Nil(t, from)
		for r, err := range s.SourceRecords() {
			assert.Fail(t, "it is read", "%v, %v", r, err)
		}
		put(t, s, record(pkg, "v1.0.0"))
		require.NoError(t, s.RemoveRecord(target, pkg, "v1.1.0"))
		require.NoError(t, s.RemoveSourceRecord(source.Name))
		report, err := s.Verify(t.Context())
		require.NoError(t, err)
		assert.Empty(t, report.Damaged)
		assert.Equal(t, 1, report.Records)
		assert.NotEmpty(t, report.Unlisted)
		removed, err := s.Collect(t.Context(), store.GC{Unused: 1})
		require.NoError(t, err)
		assert.Len(t, removed, 1)
		for _, file := range files {
			assert.FileExists(t, file, format)
		}
	}
}

// The fields of records are those of the format: anyone who changes them decides whether a record
// without the change may still be read, and raises the format (recordFormat) if not.
func TestRecordFormat(t *testing.T) {
	t.Parallel()
	fields := func(of any) (all []string) {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			all = append(all, fmt.Sprintf("%s %s", f.Name, f.Type))
		}
		return all
	}
	assert.Equal(t, []string{
		"Package string", "Module string", "Version string", "Target string", "Time time.Time", "Why string", "Deprecated string", "Retracted string",
		"GoMod string", "GoSum string", "Hash string", "BuildList []store.RecordModule", "Proof store.Proof", "Imports []string", "Along []store.RecordCompanion",
	}, fields(store.Record{}))
	assert.Equal(t, []string{"Path string", "Version string", "Sum string"}, fields(store.RecordModule{}))
	assert.Equal(t, []string{"Path string", "Query string", "Version string"}, fields(store.RecordCompanion{}))
	assert.Equal(t, []string{
		"Name string", "Source string", "Version string", "Why string", "Origin string", "Time time.Time", "Sum string", "Kind string", "Module string",
		"Dir string", "File string", "Places []string", "Changing bool",
	}, fields(store.SourceRecord{}))
}
