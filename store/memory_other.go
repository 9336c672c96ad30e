//go:build !linux

package store

import "errors"

func newMemory(string) (*memory, error) { return nil, memoryError(errors.ErrUnsupported) }

func (m *memory) seal() error { return memoryError(errors.ErrUnsupported) }

func memoryError(err error) error { return &MemoryError{Fix: "set Config.Engine to gowasm", Err: err} }
