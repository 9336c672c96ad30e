package running

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Imports are the modules that one module has imported, while it was loaded or later. The set is
// guarded by the mutex of the table.
type Imports[M any] struct {
	set map[*M]bool
}

// Depend notes an import and reports whether the module can still be relied on.
func (c *Table[M]) Depend(of *Imports[M], on *M) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of(on).dropped && !c.closed {
		return false
	}
	if of.set == nil {
		of.set = make(map[*M]bool)
	}
	of.set[on] = true
	return true
}

// dependants lists the running modules that imported one directly, sorted. It is called with mu
// held.
func (c *Table[M]) dependants(of *M) []*M {
	var all []*M
	for _, m := range c.All() {
		if m != of && !c.of(m).Crashed() && c.of(m).Imports.set[of] {
			all = append(all, m)
		}
	}
	return all
}

// users names who imported a module: the modules that run, and those that are being loaded. It is
// called with mu held.
func (c *Table[M]) users(of *M) []string {
	var names []string
	for _, m := range c.dependants(of) {
		names = append(names, c.of(m).String())
	}
	for _, f := range c.flights {
		if f.Imports.set[of] && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Order sorts modules so that each comes before those that it imports, and returns for
// each those that import it.
func (c *Table[M]) Order(modules []*M) (order []*M, before [][]*M) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(modules, func(a, b *M) int { return cmp.Compare(c.of(a).String(), c.of(b).String()) })
	seen := make(map[*M]bool)
	var visit func(m *M)
	visit = func(m *M) {
		seen[m] = true
		for _, on := range modules {
			if c.of(m).Imports.set[on] && !seen[on] {
				visit(on)
			}
		}
		order = append(order, m)
	}
	for _, m := range modules {
		if !seen[m] {
			visit(m)
		}
	}
	slices.Reverse(order)
	before = make([][]*M, len(order))
	for i, m := range order {
		for _, d := range order[:i] {
			if c.of(d).Imports.set[m] {
				before[i] = append(before[i], d)
			}
		}
	}
	return order, before
}

// outdated reports whether one of the modules is registered no more. It is called with mu held.
func (c *Table[M]) outdated(i *Imports[M]) bool {
	for m := range i.set {
		if c.of(m).dropped {
			return true
		}
	}
	return false
}

// crash returns how one of the modules has crashed, or nil. It is called with mu held.
func (c *Table[M]) crash(i *Imports[M]) *error {
	for m := range i.set {
		if err := c.of(m).Crash.Load(); err != nil {
			return err
		}
	}
	return nil
}

// desert takes out what imported a module that has crashed, directly or not: the functions of it
// that they hold answer with the crash for ever. The next use of one loads it, and what it imports,
// anew. It is called with mu held.
func (c *Table[M]) desert(crashed *M) {
	users := c.closure([]*M{crashed})
	if delete(users, crashed); len(users) > 0 {
		c.withdraw(slices.Collect(maps.Keys(users)), crashedImport)
	}
}

const crashedImport = "what it imports crashed"

// Crashed tells of the crash of a module before the calls that meet it return.
func (c *Table[M]) Crashed(m *M) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.desert(m)
}

// ImportsOf lists the modules that one imported, sorted.
func (c *Table[M]) ImportsOf(m *M) iter.Seq[string] {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for on := range c.of(m).Imports.set {
		all = append(all, c.of(on).String())
	}
	slices.Sort(all)
	return slices.Values(all)
}

// closure returns modules with all that import them, directly or not. It is called with mu held.
func (c *Table[M]) closure(modules []*M) map[*M]bool {
	all := make(map[*M]bool)
	var add func(m *M)
	add = func(m *M) {
		if !all[m] {
			all[m] = true
			for _, d := range c.dependants(m) {
				add(d)
			}
		}
	}
	for _, m := range modules {
		add(m)
	}
	return all
}
