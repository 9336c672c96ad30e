//go:build linux

package main

import "unsafe"

// touch reads the first byte of a mapping.
func touch(address uintptr) byte { return **(**byte)(unsafe.Pointer(&address)) }

func addressOfSlice(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
