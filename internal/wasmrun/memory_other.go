//go:build !((linux || darwin) && (amd64 || arm64))

package wasmrun

import "errors"

// reserved is a memory whose room is reserved, which this system is not asked for.
type reserved struct{ copied }

func reserve(uint64, uint64) (*reserved, error) { return nil, errors.ErrUnsupported }

func (*reserved) empty() bool { return false }

func (*reserved) release() {}
