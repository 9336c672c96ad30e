package keptest

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type entryHost struct {
	Name string
	Tags map[string]string
}

type configHost struct {
	Name    string
	Level   int
	Entries []entryHost
	Sub     *configHost
	Labels  map[string]string
}

// testLastingReplaced checks that what one side puts in the place of what was there arrives,
// however often: both sides let go of what was there meanwhile.
func (s suite) testLastingReplaced(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	var list []entryHost
	c := &configHost{Sub: &configHost{}}
	gosuite.Bound[func(*[]entryHost)](t, m, "KeepList")(&list)
	gosuite.Bound[func(*configHost)](t, m, "KeepConfig")(c)
	nothing := gosuite.Bound[func()](t, m, "Nothing")
	// What has changed arrives with the next call, unless the system lets goroutines of the module's
	// machinery wait.
	arrives := func(is func() bool) {
		for range 1000 {
			if is() {
				return
			}
			nothing()
		}
	}
	replace := gosuite.Bound[func(string)](t, m, "ReplaceKept")
	for i := range 200 {
		name := strconv.Itoa(i)
		replace(name)
		arrives(func() bool { return c.Sub.Name == name })
		assert.Len(t, list, 5)
		for _, e := range list {
			assert.Equal(t, entryHost{name, map[string]string{"n": name}}, e)
		}
		assert.Equal(t, name, c.Sub.Name)
		assert.Same(t, c.Sub, c.Sub.Sub)
	}
	replaced := gosuite.Bound[func() (entry, tag, config string)](t, m, "ReplacedKept")
	for i := range 200 {
		name := "host" + strconv.Itoa(i)
		list = make([]entryHost, 5)
		for i := range list {
			list[i] = entryHost{name, map[string]string{"n": name}}
		}
		c.Sub = &configHost{Name: name}
		c.Sub.Sub = c.Sub
		entry, tag, config := replaced()
		assert.Equal(t, []string{name, name, name}, []string{entry, tag, config})
	}
}
