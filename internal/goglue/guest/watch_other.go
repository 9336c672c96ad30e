//go:build !wasip1

package guest

// watch does nothing: the host sends a Cancel frame.
func (m *Module) watch(uint64) {}
