//go:build !failpoint

package failpoint

// Hit returns nil: this program was built without the tag.
func Hit(string) error { return nil }
