package keptest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testLastingOthers checks that what a module keeps of a goroutine's variables changes in calls of
// that goroutine: what calls of others set arrives with its next one.
func (s suite) testLastingOthers(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	parse := gosuite.Bound[func(string)](t, m, "ParseText")
	kept := gosuite.Bound[func() string](t, m, "TextKept")
	elsewhere := func(f func()) {
		var other sync.WaitGroup
		other.Go(f)
		other.Wait()
	}
	var text string
	gosuite.Bound[func(*string, string)](t, m, "KeepText")(&text, "given")
	elsewhere(func() {
		for range 3 {
			parse("of another")
			assert.Equal(t, "of another", kept())
		}
	})
	assert.Equal(t, "given", text)
	assert.Equal(t, "of another", kept())
	assert.Equal(t, "of another", text)
	elsewhere(func() { gosuite.Bound[func(*string, string)](t, m, "KeepText")(&text, "given again") })
	assert.Equal(t, "given again", text)
	gosuite.Bound[func()](t, m, "ForgetLasting")()
}
