package running

import (
	"maps"

	"github.com/loadgo/load/find"
)

// Former is a module that went without being asked to: it crashed, or was evicted, idle or
// replaced.
type Former struct {
	Spec         *find.Spec
	ArtifactOnly bool // as [Entry] has it
}

// remember notes a module that goes, for the followers of its names. It is called with mu held.
func (c *Table[M]) remember(m *M) {
	gone := &Former{c.of(m).Spec, c.of(m).ArtifactOnly}
	follows := c.Follows != nil && c.Follows()
	for key, other := range *c.modules.Load() {
		switch {
		case other != m:
		case !follows:
			delete(c.formers, key)
		default:
			if c.formers == nil {
				c.formers = make(map[string]*Former)
			}
			c.formers[key] = gone
		}
	}
}

// forgetFormer lets the next load take what it finds. It is called with mu held.
func (c *Table[M]) forgetFormer(gone *Former) {
	maps.DeleteFunc(c.formers, func(_ string, other *Former) bool { return other == gone })
}

// Former returns the module that went from a key and has not been succeeded, and the keys that led
// to it; or nil.
func (c *Table[M]) Former(key string) (gone *Former, keys map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gone = c.formers[key]; gone == nil {
		return nil, nil
	}
	keys = make(map[string]bool)
	for name, other := range c.formers {
		if other != gone {
			continue
		}
		if c.Get(name) != nil { // it has been succeeded
			c.forgetFormer(gone)
			return nil, nil
		}
		keys[name] = true
	}
	return gone, keys
}
