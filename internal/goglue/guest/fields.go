package guest

import "unsafe"

// fields answers for fields of a struct that stays in the module.
func (c *Call) fields() {
	c.shown = c.In.Uint()
	v := c.heldBy(c.shown)
	if box, ok := v.(boxed); ok {
		v = box.pointer()
	}
	c.module.table.Fields(c, c.In.UintN(31), v)
}

// Wanted takes the numbers of the fields that are to be returned, as the results that they are, and
// checks the arguments.
func (c *Call) Wanted() []uint64 {
	wanted := make([]uint64, 0, 8)
	for n := c.In.Uint(); n > 0 && c.In.Err() == nil; n-- {
		wanted = append(wanted, c.In.Uint())
	}
	c.Ready()
	return wanted
}

// Show notes what a field is that the host has now: a function, an interface or a pointer.
func (c *Call) Show(field int, v any) {
	t := &c.module.held
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shown == nil {
		t.shown = map[uint64]map[int]any{}
	}
	if t.shown[c.shown] == nil {
		t.shown[c.shown] = map[int]any{}
	}
	t.shown[c.shown][field] = v
}

// Shown answers whether the host has what a field is, and reports it. Where it has not, the value
// is to follow.
func (c *Call) Shown(field int, v any) bool {
	t := &c.module.held
	t.mu.Lock()
	known, ok := t.shown[c.shown][field]
	t.mu.Unlock()
	if ok && words(known) == words(v) {
		c.Out.Byte(0)
		return true
	}
	c.Show(field, v)
	c.Out.Byte(1)
	return false
}

// words are what an interface consists of: which type, and which value. What is kept of a value
// keeps its address from being used again.
func words(v any) [2]uintptr { return *(*[2]uintptr)(unsafe.Pointer(&v)) }
