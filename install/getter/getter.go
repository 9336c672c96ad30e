// Package getter installs modules from git repositories, from archives and files that a web server
// has, and from local archives and directories:
//
//	git::https://example.com/team/rules.git//tax?ref=v1.2.0    git::ssh://…, git::file:///…, git::git@host:path
//	gh:user/repo//dir@v1.2.0, gl:group/repo                   short for a git URL
//	https://example.com/rules-1.2.zip//tax?checksum=sha256:…   .zip, .tar.gz, .tgz, .tar.zst, .tzst
//	https://example.com/tax.star                              .star, .go, .wasm, .json, .toml
//	./rules.zip, file:///srv/rules, file::./rules?link=true   a copy, or with link the directory itself
//
// Whatever brings the bytes, package gate alone decides what of them becomes a file; the tree is
// then hashed, and published in the store under its sum. Files come by
// github.com/hashicorp/go-getter, repositories by the git command.
//
// The files follow a load: source.go takes the name apart, resolve.go finds the exact version,
// git.go, web.go and file.go bring it, and package sourcetree publishes it and says what kind of
// module it is.
package getter

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
	"github.com/loadgo/load/internal/webclient"
)

// Config says how sources are fetched. The zero Config is useful; [New] copies it.
type Config struct {
	// Insecure lists hosts and paths that may be reached over plain http, as GOINSECURE does for
	// the go command:
	// glob patterns of prefixes, separated by commas. By default there is none.
	Insecure string

	// Netrc is the file that holds credentials for https; "" means the one that NETRC names or else
	// ~/.netrc, "off" none. They are sent to the host they are for and to nobody else. The git
	// command finds its own, in the same file or as its configuration says.
	Netrc string

	// GoAuth says where credentials for https come from, as GOAUTH does for the go command; ""
	// means the go command's own setting, by default the netrc file.
	GoAuth string

	// Credentials returns headers that tell a server who the user is, before GoAuth is asked, or
	// none: see the field of the same name and type in goproxy.Config. They go over https only.
	Credentials func(ctx context.Context, u *url.URL) (http.Header, error)

	// Git is the git command, "git" in PATH by default. It never asks for a password, and runs no
	// hook, no filter and nothing that a repository brought.
	Git string

	// HTTPClient makes the requests; its CheckRedirect is replaced. By default it honours
	// HTTP_PROXY and its like.
	HTTPClient *http.Client

	// MaxFiles and MaxBytes bound what one source may hold, MaxBytes also what is downloaded for
	// it; 0 stands for 100,000 files and 500 MiB.
	MaxFiles int
	MaxBytes int64

	// MaxRepository bounds what git downloads for one source, in bytes; 0 stands for 2 GiB.
	MaxRepository int64

	// Retries is how often a file is asked for again after a fault that may pass, 4 by default,
	// negative for never.
	// RetryDelay is the wait before the first of them, doubled each time; 250 ms by default.
	Retries    int
	RetryDelay time.Duration

	// Stall is how long an answer may go without progress before it counts as broken; 30 s by
	// default.
	Stall time.Duration
}

// Installer brings sources into a store. It implements [install.Installer] and is safe for
// concurrent use.
type Installer struct {
	config Config
	limits gate.Limits
	git    gitCommand
	web    http.Client
	user   *webclient.Credentials
	kept   downloads
}

// New returns an installer. It does no I/O.
func New(config Config) *Installer {
	if config.MaxBytes <= 0 {
		config.MaxBytes = gate.DefaultLimits.Bytes
	}
	if config.MaxRepository <= 0 {
		config.MaxRepository = 2 << 30
	}
	config.Retries = max(cmp.Or(config.Retries, 4), 0)
	config.RetryDelay = cmp.Or(config.RetryDelay, 250*time.Millisecond)
	config.Stall = cmp.Or(config.Stall, 30*time.Second)
	user := &webclient.Credentials{Callback: config.Credentials, GoAuth: config.goAuth}
	return &Installer{
		config: config,
		limits: gate.Limits{Files: config.MaxFiles, Bytes: config.MaxBytes},
		git:    gitCommand{name: cmp.Or(config.Git, "git"), max: config.MaxRepository},
		web:    newWeb(config),
		user:   user,
	}
}

// origin is the installer's name.
const origin = "getter"

// String returns "getter".
func (in *Installer) String() string { return origin }

// Claims reports whether the name is a URL, or the path of a file that has to be unpacked or
// copied.
func (in *Installer) Claims(name find.Name) bool {
	if name.Form != find.FormDir {
		return name.Form == find.FormURL && !strings.HasPrefix(name.Target, "oci:")
	}
	file, _, _ := strings.Cut(name.Target, "//")
	return slices.ContainsFunc(fileFormats, func(f string) bool { return f != ".star" && strings.HasSuffix(file, f) })
}

var _ install.Installer = (*Installer)(nil)
