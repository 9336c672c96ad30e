package keptest

import (
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testLastingGiven checks that a pointer of the host which the module holds, and is given again in
// another call, is the one that the module has, with all that it leads to.
func (s suite) testLastingGiven(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	kept := gosuite.Bound[func() (string, int)](t, m, "ConfigKept")
	keep := gosuite.Bound[func(*configHost)](t, m, "KeepConfig")
	name := gosuite.Bound[func(string)](t, m, "NameConfig")
	made := func() *configHost {
		c := &configHost{Name: "given", Sub: &configHost{}, Entries: []entryHost{{Name: "e"}}, Labels: map[string]string{"a": "b"}}
		keep(c)
		return c
	}
	t.Run("members", func(t *testing.T) {
		add := gosuite.Bound[func(*configHost)](t, m, "AddMember")
		has := gosuite.Bound[func(*configHost) bool](t, m, "HasMember")
		remove := gosuite.Bound[func(*configHost) bool](t, m, "RemoveMember")
		count := gosuite.Bound[func() int](t, m, "CountMembers")
		a, b := &configHost{}, &configHost{}
		for range 3 {
			add(a)
			add(b)
		}
		assert.Equal(t, 2, count())
		assert.True(t, has(a))
		assert.False(t, has(&configHost{}))
		assert.True(t, remove(a))
		assert.False(t, has(a))
		assert.True(t, has(b))
		assert.True(t, remove(b))
		assert.Zero(t, count())
		add(a)
		assert.True(t, has(a), "after it was let go")
		assert.True(t, remove(a))
	})
	t.Run("parts", func(t *testing.T) {
		c := made()
		same := gosuite.Bound[func(c, sub *configHost, entries []entryHost, labels map[string]string) [4]bool](t, m, "SameParts")
		for range 3 {
			assert.Equal(t, [4]bool{true, true, true, true}, same(c, c.Sub, c.Entries, c.Labels))
			assert.Equal(t, [4]bool{false, true, true, true}, same(&configHost{}, c.Sub, c.Entries, c.Labels))
		}
		c.Labels["by"], c.Entries[0].Name = "host", "changed"
		assert.Equal(t, [4]bool{true, true, true, true}, same(c, c.Sub, c.Entries, c.Labels))
		assert.Equal(t, map[string]string{"a": "b", "by": "host"}, c.Labels)
		assert.Equal(t, []entryHost{{Name: "changed"}}, c.Entries)
	})
	t.Run("text", func(t *testing.T) {
		n := big.NewInt(3)
		gosuite.Bound[func(*big.Int)](t, m, "KeepBig")(n)
		square := gosuite.Bound[func(*big.Int) bool](t, m, "SameBig")
		assert.True(t, square(n))
		assert.Equal(t, "9", n.String())
		n.SetInt64(5)
		assert.True(t, square(n))
		assert.Equal(t, "25", n.String())
		assert.Equal(t, "625", gosuite.Bound[func() string](t, m, "GrowBig")())
		assert.Equal(t, "625", n.String())
		assert.False(t, square(big.NewInt(2)))
	})
	t.Run("changed", func(t *testing.T) {
		c := made()
		set := gosuite.Bound[func(*configHost, string)](t, m, "SetGiven")
		sub, first := c.Sub, &c.Entries[0]
		for _, text := range []string{"x", "y", "z"} {
			set(c, text)
			assert.Equal(t, []string{text, text, text, text}, []string{c.Name, sub.Name, first.Name, c.Labels[text]})
			was, _ := kept()
			assert.Equal(t, text, was)
			name(text + "!")
			assert.Equal(t, text+"!", c.Name)
			c.Name, c.Level = text+"?", c.Level+1
			was, level := kept()
			assert.Equal(t, []any{c.Name, c.Level}, []any{was, level})
		}
		assert.Same(t, sub, c.Sub)
		assert.Same(t, first, &c.Entries[0])
	})
	t.Run("beside a function", func(t *testing.T) {
		c := made()
		step := gosuite.Bound[func(*configHost, func()) (bool, int)](t, m, "StepGiven")
		for n := range 3 {
			same, level := step(c, func() {
				assert.Equal(t, 12*n+1, c.Level)
				c.Level += 10
			})
			assert.True(t, same)
			assert.Equal(t, []int{12 * (n + 1), 12 * (n + 1)}, []int{level, c.Level})
		}
	})
	t.Run("within a function", func(t *testing.T) {
		c := made()
		twice := gosuite.Bound[func(*configHost, func()) string](t, m, "TwiceGiven")
		c.Name = ""
		assert.Equal(t, "aab", twice(c, func() { name(c.Name + "a") }))
		was, _ := kept()
		assert.Equal(t, []string{"aab", "aab"}, []string{c.Name, was})
	})
	t.Run("that panics", func(t *testing.T) {
		c := made()
		fail := gosuite.Bound[func(*configHost, string) error](t, m, "FailGiven")
		for _, text := range []string{"p", "q"} {
			require.Error(t, fail(c, text))
			was, _ := kept()
			assert.Equal(t, []string{text, text}, []string{c.Name, was})
		}
	})
	t.Run("that is cancelled", func(t *testing.T) {
		c := made()
		nothing := gosuite.Bound[func()](t, m, "Nothing")
		wait := gosuite.Bound[func(context.Context, *configHost, string) error](t, m, "WaitGiven")
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(20*time.Millisecond, cancel)
		defer stop.Stop()
		require.ErrorIs(t, wait(ctx, c, "late"), context.Canceled)
		for range 10000 {
			if nothing(); c.Name == "late" {
				break
			}
			time.Sleep(time.Millisecond)
		}
		was, _ := kept()
		assert.Equal(t, []string{"late", "late"}, []string{c.Name, was})
		c.Name = "after"
		was, _ = kept()
		assert.Equal(t, "after", was)
	})
	gosuite.Bound[func()](t, m, "ForgetLasting")()
}
