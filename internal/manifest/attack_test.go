package manifest

import (
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

// TestAmongTakesLittle: looking for a manifest takes little more memory than the text of a file.
func TestAmongTakesLittle(t *testing.T) {
	text := `{"wasm":[` + strings.Repeat("{},", 1<<18) + "{}]}"
	files := fstest.MapFS{"a.json": {Data: []byte(text)}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	name, reason := Among(files, []string{"a.json"})
	runtime.ReadMemStats(&after)
	assert.Equal(t, "a.json", name)
	assert.Empty(t, reason)
	took := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bytes took %d", len(text), took)
	assert.Less(t, took, uint64(8*len(text)))
}
