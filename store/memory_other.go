//go:build !linux

package store

import (
	"errors"
	"os"
)

func inMemory(string, []byte) (*os.File, error) {
	return nil, &MemoryError{Fix: "set Config.Engine to gowasm", Err: errors.ErrUnsupported}
}
