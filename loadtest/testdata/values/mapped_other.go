//go:build !linux

package values

func MapMemory(n int) error { mapped = make([]byte, n); return nil }
func UnmapMemory() error    { mapped = nil; return nil }
