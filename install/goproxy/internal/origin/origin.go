// Package origin brings the files of modules from where they are kept: the proxies of GOPROXY, the
// registry that owns a path, or a module's own repository. It verifies nothing and keeps nothing;
// package goproxy does both with what it gets.
package origin

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/webclient"
)

// Origin is where the files of modules come from. It is safe for concurrent use.
type Origin struct {
	Options
	client *client
	slots  chan struct{} // one for each download in flight

	registries sync.Map // string → *oci.Installer
}

// Options say how an Origin works.
type Options struct {
	Settings func() *Settings

	HTTP       http.Client // its CheckRedirect is replaced
	OCI        oci.Config  // of OCI registries; what it leaves open is as below
	User       *webclient.Credentials
	Downloads  int           // at most so many at a time
	Retries    int           // of a request, after a fault that may pass
	RetryDelay time.Duration // before the first of them, doubled each time
	Stall      time.Duration // how long an answer may go without progress

	GoCommand   func() (string, toolchain.Toolchain, error)
	DirectCache func() (dir string, err error) // for the repositories that the go command brings
}

// New returns an Origin.
func New(o Options) *Origin {
	return &Origin{
		Options: o, client: newClient(o.HTTP, o.User, o.Retries, o.RetryDelay, o.Stall), slots: make(chan struct{}, o.Downloads),
	}
}

// Settings are what the go command's configuration says about registries.
type Settings struct {
	Sources    []Proxy // of [Files], asked before the others
	Proxies    []Proxy
	ProxiesErr error
	NoProxy    string
	SumDB      string
	NoSumDB    string
	ModCache   string // "" for none
}

// Direct reports whether the configuration keeps a module path away from proxies.
func (s *Settings) Direct(path string) bool { return module.MatchPrefixPatterns(s.NoProxy, path) }

// Sums reports whether the checksum database answers for a module path.
func (s *Settings) Sums(path string) bool {
	return s.SumDB != "off" && !module.MatchPrefixPatterns(s.NoSumDB, path)
}
