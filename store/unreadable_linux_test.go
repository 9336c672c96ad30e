package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/store"
)

// TestUnreadable: whatever of a store of another user cannot be read, the error says so and what
// its owner can do. What is for its owner alone does not matter.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	use := func(dir string) error {
		s, err := store.Open(dir)
		if err != nil {
			return err
		}
		if _, err := s.Record(target, "example.com/a", "v1.0.0"); err != nil {
			return err
		}
		if _, err := s.Versions(target, "example.com/a"); err != nil {
			return err
		}
		if _, err := s.SourceRecord("file::./a"); err != nil {
			return err
		}
		a, err := s.Lookup(key)
		if err != nil {
			return err
		}
		_, err = a.ReadFile("module")
		return err
	}
	for closed, fails := range map[string]bool{
		"": false, ".": true, "obj": true, "installed": true, "mod": true, "src": true, "sources": true, "obj/*": true, "obj/*/manifest": true,
		"obj/*/files": true, "obj/*/files/module": true, "installed/*/*/*/*/@v": true, "installed/*/*/*/*/@v/*": true,
		"lock": false, "live": false, "tmp": false, "direct": false,
	} {
		t.Run(closed, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			_, _, err := s.Artifact(t.Context(), key, writing(map[string]string{"module": "contents"}))
			require.NoError(t, err)
			put(t, s, record("example.com/a", "v1.0.0"))
			require.NoError(t, s.PutSourceRecord(&store.SourceRecord{Name: "file::./a"}))
			for _, name := range []string{"mod", "src", "lock", "live", "tmp", "direct"} {
				require.NoError(t, os.MkdirAll(filepath.Join(s.Dir(), name), 0o700))
			}
			makeReadOnly(t, s.Dir())
			if closed != "" {
				places, err := filepath.Glob(filepath.Join(s.Dir(), closed))
				require.NoError(t, err)
				require.NotEmpty(t, places)
				require.NoError(t, os.Chmod(places[0], 0o300))
			}
			done := make(chan error)
			go func() {
				becomeOrdinary(t)
				done <- use(s.Dir())
			}()
			err = <-done
			if !fails {
				assert.NoError(t, err)
				return
			}
			var refused *store.DirError
			require.ErrorAs(t, err, &refused)
			assert.ErrorContains(t, err, "store "+s.Dir()+": it cannot be read by this user: ")
			assert.ErrorContains(t, err, "chmod -R a+rX "+s.Dir())
		})
	}
}
