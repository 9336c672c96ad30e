package spelling

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNear(t *testing.T) {
	t.Parallel()
	known := []string{
		"strings", "strconv", "bytes", "encoding/json", "sort", "slices", "io", "os",
		"github.com/gosimple/slug", "github.com/google/uuid", "github.com/gofrs/uuid",
	}
	for _, test := range []struct{ name, want string }{
		{"string", "strings"},
		{"stirngs", "strings"},
		{"Strings", "strings"},
		{"encoding/jsno", "encoding/json"},
		{"sorings", "strings"},
		{"slug", "github.com/gosimple/slug"},
		{"gosimple/slug", "github.com/gosimple/slug"},
		{"uuid", "github.com/gofrs/uuid github.com/google/uuid"},
		{"github.com/gosimpel/slug", "github.com/gosimple/slug"},
		{"github.com/Google/uuid", "github.com/google/uuid"},
		{"sory", "sort"},
		{"strings", ""},
		{"io/fs", ""},
		{"xy", ""},
		{"completely/else", ""},
		{strings.Repeat("s", 10_000), ""},
	} {
		assert.Equal(t, test.want, strings.Join(Near(test.name, slices.Values(known), 3), " "))
	}
}

func FuzzNear(f *testing.F) {
	f.Add("strings", "string")
	f.Add("ßtraße", "STRASSE")
	f.Fuzz(func(t *testing.T, name, candidate string) {
		for _, got := range Near(name, slices.Values([]string{candidate, candidate}), 1) {
			assert.Equal(t, candidate, got)
			assert.NotEqual(t, name, got)
		}
	})
}
