//go:build !unix

package store

import "io/fs"

// checkOwner trusts the access rights that a user's cache directory has by default.
func checkOwner(string, fs.FileInfo) error { return nil }

func foreign(fs.FileInfo) error { return nil }

// Full reports whether an error is that of a disk that has no room left; here it cannot tell.
func Full(error) bool { return false }

// openFlags is nothing: links and pipes in directories are for the superuser here.
const openFlags = 0

// syncFile does nothing: it would need the file open for writing. A file that did not reach the
// disk is found damaged and made again.
func syncFile(string) error { return nil }

// enterable is unknown here: access rights are those of the directory's owner.
func enterable(fs.FileInfo) bool { return true }
