package stubgen

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	const old = `// Package a loads a when it is used.
//
// Generated from example.com/a v1.0.0 (h1:x).
package a

// Make makes.
func Make(s string) string { return boundMake.Get()(s) }

func (p *Point) Move(x int) {}

func hidden() {}

type Point struct {
	// X is.
	X int
}

const Max = 3
`
	fresh := strings.NewReplacer("v1.0.0", "v1.1.0", "Make makes", "Make builds", "(s string)", "(s string, n int)", "X int\n", "X int\n\tY int\n", "const Max = 3", "const Least = 1", "hidden", "other").Replace(old)
	assert.Equal(t, []string{
		"- Generated from example.com/a v1.0.0 (h1:x).", "+ Generated from example.com/a v1.1.0 (h1:x).",
		"+ const Least = 1",
		"- func Make(s string) string", "+ func Make(s string, n int) string",
		"- const Max = 3",
		"- type Point struct {\n- \tX int\n- }", "+ type Point struct {\n+ \tX int\n+ \tY int\n+ }",
	}, Compare([]byte(old), []byte(fresh)))
	assert.Empty(t, Compare([]byte(old), []byte(strings.ReplaceAll(old, "makes", "builds"))))
	assert.Len(t, Compare(nil, []byte(old)), 5)
}
