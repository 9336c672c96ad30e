// Package goproxy installs Go packages from module proxies, as the go command would: the same
// look-up of the module that holds a package, the same choice of versions, the same verification by
// the checksum database, into the same layout on disk, so that the go command builds from it
// offline.
//
// A request goes through these files: lookup.go (which module), version.go (which version),
// graph.go (minimal version selection), closure.go (which modules the imports need), fetch.go
// (bringing them into the store), verify.go, install.go and complete.go (the answer). Its rooms
// below internal/ know nothing of a request: origin (where files come from), checksum (what proves
// them), modzip (unpacking) and gomod (go.mod files and what lies around a local module).
//
//	in := goproxy.New(goproxy.Config{}) // the go command's configuration; package standard has one
//	l, err := standard.New(load.Config{Installers: []install.Installer{in}})
//	spec, err := l.Install(ctx, "github.com/gosimple/slug@v1.15.0")
package goproxy

import (
	"runtime"
	"strings"
	"sync"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/webclient"
)

// Installer brings Go modules into a store. It implements [install.Installer] and
// [install.Completer] and is safe for concurrent use.
type Installer struct {
	config   Config
	tools    toolchain.Finder
	settings func() *origin.Settings
	exempted func() *origin.Settings // as far as the environment and the user's file have them
	origin   *origin.Origin
	cores    chan struct{} // one for each zip that is unpacked

	// recent holds go.mod files that Resolve read and that Install will want again, unverified.
	recent sync.Map // readMod → []byte
	// trusted holds the directories of a store whose contents were found to be as their sum says.
	trusted sync.Map // string → true
}

// New returns an installer. The go command's configuration is read at the first request.
func New(config Config) *Installer {
	config = config.withDefaults()
	in := &Installer{config: config, tools: toolchain.Finder{Root: config.GOROOT}, cores: make(chan struct{}, runtime.GOMAXPROCS(0))}
	in.settings = sync.OnceValue(in.readSettings)
	in.exempted = sync.OnceValue(func() *origin.Settings { return in.settingsOf(toolchain.Toolchain{}, nil) })
	user := &webclient.Credentials{Callback: config.Credentials, GoAuth: in.goAuth}
	in.origin = origin.New(origin.Options{
		Settings: in.settings, HTTP: config.client(), OCI: config.OCI, User: user, Downloads: config.Downloads, Retries: config.Retries, RetryDelay: config.RetryDelay, Stall: config.Stall,
		GoCommand: in.goCommand, DirectCache: in.directCache,
	})
	return in
}

// String returns "goproxy".
func (in *Installer) String() string { return "goproxy" }

// Target returns the build target that packages are installed for, as records of a store name it:
// "linux_amd64".
func (in *Installer) Target() string { return in.config.GOOS + "_" + in.config.GOARCH }

// Claims reports whether the name is an import path that starts with a host name.
func (in *Installer) Claims(name find.Name) bool {
	host, _, _ := strings.Cut(name.Target, "/")
	return name.Form == find.FormPath && strings.Contains(host, ".") && module.CheckImportPath(name.Target) == nil
}

var (
	_ install.Installer = (*Installer)(nil)
	_ install.Completer = (*Installer)(nil)
)
