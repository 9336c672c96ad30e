package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/store"
)

// TestShare: another user reads a store that the superuser shared, before and after; without that,
// it is out of reach.
func TestShare(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, _, err := s.Artifact(t.Context(), key, writing(map[string]string{"module": "contents"}))
	require.NoError(t, err)
	put(t, s, record("example.com/a", "v1.0.0"))
	for dir := filepath.Dir(s.Dir()); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o700))
	}
	err = s.Share(t.Context())
	var refused *store.DirError
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Error(), "other users cannot enter "+filepath.Dir(s.Dir())+"\n\trun chmod o+x ")
	for dir := filepath.Dir(s.Dir()); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o711))
	}
	require.NoError(t, s.Share(t.Context()))
	require.NoError(t, s.Share(t.Context()), "again")

	done := make(chan struct{})
	go func() {
		defer close(done)
		becomeOrdinary(t)
		s, err := store.Open(s.Dir())
		if !assert.NoError(t, err) {
			return
		}
		a, made, err := s.Artifact(t.Context(), key, writing(nil))
		if assert.NoError(t, err) && assert.False(t, made) {
			data, err := a.ReadFile("module")
			assert.NoError(t, err)
			assert.Equal(t, "contents", string(data))
		}
		assert.Equal(t, "v1.0.0", versions(t, s, target, "example.com/a"))
		var written *store.WriteError
		assert.ErrorAs(t, s.PutRecord(record("example.com/a", "v2.0.0")), &written, "and writes nothing")
	}()
	<-done
}
