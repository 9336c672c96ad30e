package keptest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testLastingReturned checks that a pointer which the module holds, and returns in another call, is the
// pointer that the host has: its own, or the one that was returned before.
func (s suite) testLastingReturned(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	again := gosuite.Bound[func() *configHost](t, m, "KeptAgain")
	name := gosuite.Bound[func(string)](t, m, "NameConfig")
	t.Run("of the host", func(t *testing.T) {
		c := &configHost{Name: "given", Sub: &configHost{}, Entries: []entryHost{{Name: "e"}}, Labels: map[string]string{"a": "b"}}
		gosuite.Bound[func(*configHost)](t, m, "KeepConfig")(c)
		sub, first, labels := c.Sub, &c.Entries[0], c.Labels
		for range 3 {
			assert.Same(t, c, again())
		}
		name("changed")
		assert.Same(t, c, again())
		assert.Equal(t, "changed", c.Name)
		assert.Same(t, sub, c.Sub)
		assert.Same(t, first, &c.Entries[0])
		labels["by"] = "host"
		c.Level = 8
		assert.Same(t, c, again())
		assert.Equal(t, map[string]string{"a": "b", "by": "host"}, c.Labels)
		assert.Equal(t, 8, c.Level)
	})
	t.Run("of the module", func(t *testing.T) {
		c := gosuite.Bound[func(string) *configHost](t, m, "NewConfig")("made")
		assert.Same(t, c, again())
		parse := gosuite.Bound[func(string)](t, m, "ParseConfig")
		parse("a")
		assert.Same(t, c, again())
		pair := gosuite.Bound[func() (a, b *configHost, all []*configHost)](t, m, "PairAgain")
		a, b, all := pair()
		assert.Same(t, c, a)
		assert.Same(t, c.Sub, b)
		assert.Equal(t, "new", b.Name)
		assert.Same(t, c, all[0])
	})
}
