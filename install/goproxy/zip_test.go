package goproxy

import (
	"bytes"
	"strings"
	"testing"

	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/stretchr/testify/assert"
)

// TestCheckEntries: marks are counted wherever they stand, and none twice.
func TestCheckEntries(t *testing.T) {
	t.Parallel()
	const mark = "PK\x01\x02"
	for _, test := range []struct {
		gap, marks int
		refused    bool
	}{
		{0, modzip.MaxEntries, false},
		{0, modzip.MaxEntries + 1, true},
		{3, modzip.MaxEntries, false},
		{3, modzip.MaxEntries + 1, true},
		{43, modzip.MaxEntries + 1, true},
	} {
		data := []byte(strings.Repeat(mark+strings.Repeat("x", test.gap), test.marks))
		err := modzip.CheckEntries(bytes.NewReader(data), int64(len(data)))
		const want = "its zip is refused: it has more than 500000 entries\n\tthe registry or the module's author made a broken zip; try another version, or another registry in GOPROXY"
		refused := err != nil
		assert.Equalf(t, test.refused, refused, "%+v: %v", test, err)
		assert.Falsef(t, refused && err.Error() != want, "%+v: %v", test, err)
	}
}
