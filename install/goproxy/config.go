package goproxy

import (
	"cmp"
	"context"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/webclient"
)

// Config says which registry to use and how. Its zero value is the go command's own configuration:
// the environment, then the file that "go env -w" writes, then go.env of GOROOT. A Config is copied
// by [New].
type Config struct {
	// Proxy, NoProxy, SumDB, NoSumDB and Private are what GOPROXY, GONOPROXY, GOSUMDB, GONOSUMDB
	// and GOPRIVATE are to the go command, in its own syntax. "" means the configured value;
	// NoProxy and NoSumDB default to Private, "none" makes them empty.
	Proxy, NoProxy, SumDB, NoSumDB, Private string

	// ModCache is the user's own module cache, asked before the network and never written. "" means
	// GOMODCACHE, "off" none. What it holds is verified like what a proxy sends.
	ModCache string

	// DirectCache is a directory for the repositories that modules are brought from directly, where
	// GOPROXY or GOPRIVATE says so; it is in the layout of a module cache, and may be removed while
	// nothing is loading. "" means load/direct in the user's cache directory. What it holds is
	// verified like what a proxy sends.
	DirectCache string

	// Sources hold modules, in the layout of a module proxy, and are asked before anybody else,
	// but about what a registry of a policy owns. Their files "go.sum" are believed where nothing
	// else promises a sum: who sets them vouches for them, and no checksum database is asked then.
	Sources []fs.FS

	// Credentials returns headers that tell a server who the user is, such as Authorization, or
	// none to go on with the other ways: LOAD_TOKEN_NAME for the registry NAME, credentials in a
	// URL of GOPROXY, and GOAUTH as the go command has it (the netrc file by default). It is called
	// for each request, with its URL, and may be called concurrently; what it returns goes to the
	// scheme, host and port of that URL, also after a redirect, and over http only to a registry
	// that is marked insecure. Its error ends the request.
	Credentials func(ctx context.Context, u *url.URL) (http.Header, error)

	// OCI says how registries of a policy are asked that are OCI registries (oci://…). Where it has
	// no value, HTTPClient, Retries, RetryDelay and Stall hold for them, too. The variable
	// LOAD_TOKEN_NAME counts after its Credentials, as user:password.
	OCI oci.Config

	// GOOS and GOARCH are the build target, the host's by default. cgo is off.
	GOOS, GOARCH string

	// GOROOT is the directory of the Go toolchain that will compile; "" is the one in PATH.
	GOROOT string

	// HTTPClient makes the requests; its CheckRedirect is replaced. By default it is one that
	// honours HTTP_PROXY and its like, with time-outs for connecting and for the first byte.
	HTTPClient *http.Client

	// Downloads is how many files may be in flight at a time; 16 by default, more than there are
	// cores, because most of a download is waiting.
	Downloads int

	// Retries is how often a request is made again after a fault that may pass, 4 by default,
	// negative for never. RetryDelay is the wait before the first of them, doubled each time; 250
	// ms by default.
	Retries    int
	RetryDelay time.Duration

	// Stall is how long an answer may go without progress before it counts as broken; 30 s by
	// default.
	Stall time.Duration
}

// readSettings reads the configuration, once for an installer.
func (in *Installer) readSettings() *origin.Settings {
	return in.settingsOf(in.tools.Find()) // without a toolchain, the environment and the user's file still count
}

// settingsOf reads the configuration with what a toolchain has as its own, unless that is missing.
func (in *Installer) settingsOf(t toolchain.Toolchain, missing error) *origin.Settings {
	c := &in.config
	private := cmp.Or(c.Private, t.Env("GOPRIVATE"))
	s := &origin.Settings{
		NoProxy: noneIsEmpty(cmp.Or(c.NoProxy, t.Env("GONOPROXY"), private)),
		SumDB:   cmp.Or(c.SumDB, t.Env("GOSUMDB")),
		NoSumDB: noneIsEmpty(cmp.Or(c.NoSumDB, t.Env("GONOSUMDB"), private)),
	}
	for _, files := range c.Sources {
		s.Sources = append(s.Sources, origin.Files(files))
	}
	list := cmp.Or(c.Proxy, t.Env("GOPROXY"))
	s.Proxies, s.ProxiesErr = origin.ParseProxies(list)
	if list == "" && missing != nil { // it would have had the setting
		s.ProxiesErr = &install.RegistryError{
			Reason: "GOPROXY is not set, and there is no Go toolchain whose configuration sets it",
			Fix:    "set GOPROXY to a module proxy and GOSUMDB to its checksum database, or install Go from https://go.dev/dl",
		}
	}
	switch c.ModCache {
	case "":
		s.ModCache = t.ModCache()
	case "off":
	default:
		s.ModCache = c.ModCache
	}
	return s
}

// goAuth is the go command's configuration of credentials.
func (in *Installer) goAuth() (value, netrc string) {
	t, _ := in.tools.Find()
	return t.Env("GOAUTH"), webclient.NetrcFile(t.Env("NETRC"))
}

// goWork is the setting that names the go.work file, or turns workspaces off.
func (in *Installer) goWork() string {
	t, _ := in.tools.Find()
	return t.Env("GOWORK")
}

func noneIsEmpty(patterns string) string {
	if patterns == "none" {
		return ""
	}
	return patterns
}

// compiler is the toolchain that will compile what is installed. Without a root there is none, and
// the version is that of the one that compiled what is here.
type compiler struct {
	root    string
	version string // "go1.26.8"
}

// release returns the version without its "go".
func (c compiler) release() string { return strings.TrimPrefix(c.version, "go") }

func (in *Installer) compiler() (compiler, error) {
	t, err := in.tools.Find()
	return compiler{t.Root, t.Version}, err
}

func (c Config) withDefaults() Config {
	c.GOOS = cmp.Or(c.GOOS, runtime.GOOS)
	c.GOARCH = cmp.Or(c.GOARCH, runtime.GOARCH)
	c.Downloads = cmp.Or(max(c.Downloads, 0), 16)
	c.Retries = max(cmp.Or(c.Retries, 4), 0)
	c.RetryDelay = cmp.Or(c.RetryDelay, 250*time.Millisecond)
	c.Stall = cmp.Or(c.Stall, 30*time.Second)
	return c
}

func (in *Installer) goCommand() (string, toolchain.Toolchain, error) {
	t, err := in.tools.Find()
	return t.GoCommand, t, err
}

// directCache makes and returns the directory of Config.DirectCache, with an empty one to work in.
func (in *Installer) directCache() (string, error) {
	dir := in.config.DirectCache
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", &load.ConfigError{Setting: "goproxy.Config.DirectCache", Reason: "there is no default place for it: " + err.Error()}
		}
		dir = filepath.Join(user, "load", "direct")
	}
	err := os.MkdirAll(filepath.Join(dir, "work"), 0o700)
	if err == nil {
		now := time.Now()
		err = os.Chtimes(dir, now, now) // see store.DirectDir
	}
	return dir, writeError(err)
}

// client returns the client that makes the requests.
func (c Config) client() http.Client {
	if c.HTTPClient != nil {
		return *c.HTTPClient
	}
	transport := webclient.NewTransport()
	transport.ResponseHeaderTimeout = c.Stall
	transport.MaxIdleConnsPerHost = c.Downloads
	return http.Client{Transport: transport}
}
