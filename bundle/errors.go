package bundle

import (
	"fmt"
	"strings"
)

// FormatError reports a file that is not a bundle as [Write] makes it, or not all of one.
type FormatError struct {
	File   string // "" for a bundle in memory
	Entry  string // the entry of the archive, "" for the file as a whole
	Reason string
}

func (e *FormatError) Error() string {
	return where(e.File, e.Entry) + e.Reason + "\n\tcopy the bundle again, or make it again with `load bundle`"
}

// VersionError reports a bundle of a format that this version of load does not read.
type VersionError struct {
	File, Type string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%sit is of the format %q, and this version of load reads %q\n\tmake it again with the `load bundle` of the host's version", where(e.File, ""), e.Type, bundleType)
}

// PlatformError reports a bundle that holds nothing for this system.
type PlatformError struct {
	File      string
	Host      string   // "linux/amd64"
	Platforms []string // what it is for
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("%sit is not prepared for %s, only for %s\n\trun `load bundle -target %s` where the image is built", where(e.File, ""), e.Host, strings.Join(e.Platforms, ", "), e.Host)
}

// DamagedError reports a part of a bundle that is not what the bundle's index says.
type DamagedError struct {
	File, Digest string
	Reason       string
}

func (e *DamagedError) Error() string {
	return where(e.File, e.Digest) + e.Reason + "\n\tnothing of it was used; copy the bundle again"
}

// SourcesError reports a bundle whose sources are asked for, and that has none.
type SourcesError struct {
	File string
}

func (e *SourcesError) Error() string {
	return where(e.File, "") + "it holds no sources\n\tmake it with `load bundle -sources`, or open it without them"
}

func where(file, entry string) string {
	s := "bundle"
	if file != "" {
		s += " " + file
	}
	if entry != "" {
		s += ": " + entry
	}
	return s + ": "
}
