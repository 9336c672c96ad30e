// Package install is the contract of installers: an [Installer] brings a missing module into the
// store, in two steps: Resolve chooses the exact version, a [Release], and Install fetches it. A
// [Session] says what it may do.
//
// Its folders hold the installers: goproxy (the Go module proxy and repositories), getter (git,
// archives and files by their URL) and oci (OCI registries).
//
//	l, err := load.New(load.Config{
//		Path:       find.Path{installed.New(s, "linux_amd64")},
//		Installers: []install.Installer{goproxy.New(goproxy.Config{})}, // in order
//		Engines:    engines, Store: s,
//	})
package install
