//go:build !linux

package goprocess

import "os"

// newRings makes nothing: the connection is its socket alone.
func newRings(Config) (memory []byte, file *os.File) { return nil, nil }

func unmapRings([]byte) error { return nil }
