package engine

import "context"

// Remote is where the hosts of a fleet find what one of them compiled. It decides by signatures,
// not by where something lies, so that who can write to the place chooses nothing that runs. Package
// bundle/remote has the one that is an OCI registry. Remotes are safe for concurrent use.
type Remote interface {
	// Release returns the release of the toolchain that compiled what is there, of any release, for
	// a host that has no toolchain, and the key of that, for the host to compare. The errors are
	// those of Fetch.
	Release(ctx context.Context, s Sought) (release, key string, err error)
	// Fetch writes the files of an artifact into the empty directory dir, and beside them the file
	// [Voucher], by which they are trusted later. That there is none is [find.ErrNotFound]. After an
	// error, nothing that lies in dir is used. How long it takes is bounded by the remote.
	Fetch(ctx context.Context, s Sought, dir string) error
	// Vouched returns why what Fetch brought earlier, under a key and with that voucher, is not
	// trusted any more.
	Vouched(key string, voucher []byte) error
	// String names the place in messages.
	String() string
}

// Voucher is the name of the file in an artifact that says why it is trusted, where it was compiled
// elsewhere. Engines do not see it.
const Voucher = "load.voucher"

// Sought is an artifact that a host looks for, or that a builder has.
type Sought struct {
	Module, Version string // of which it is compiled
	Source          string // hash of the sources, which were compared with the lock file
	Engine          string
	Key             string // of the source, the engine with its toolchain, its system and the options
	AnyRelease      string // what Key is apart from the release of the toolchain; "" for an engine without
}
