package wasmrun

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/loadgo/load/internal/kernelfs"
)

// BadDirectory returns the field of an engine's configuration whose directories cannot all be
// granted, and the reason; the reason is empty if there is none.
func BadDirectory(readOnly, readWrite []string) (field, reason string) {
	for field, dirs := range map[string][]string{"ReadOnly": readOnly, "ReadWrite": readWrite} {
		for _, dir := range dirs {
			if !filepath.IsAbs(dir) {
				return field, dir + " is not an absolute path"
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return field, dir + " is not a directory"
			}
			if err := kernelfs.Refuse(dir); err != nil {
				return field, fmt.Sprintf("%s cannot be granted: %v", dir, err)
			}
		}
	}
	return "", ""
}
