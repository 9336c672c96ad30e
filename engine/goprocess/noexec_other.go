//go:build !linux

package goprocess

import (
	"fmt"
	"os"
)

// cannotStart says why a program did not start.
func cannotStart(err error, _ *os.File) error {
	return fmt.Errorf("the module cannot be started: %w", err)
}
