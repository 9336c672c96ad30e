package webclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/loadgo/load/internal/procgroup"
	"github.com/loadgo/load/internal/token"
)

// goAuth is what the ways of GOAUTH told so far, see "go help goauth". A way that comes first goes
// before those that follow it; the longest prefix of a URL goes before shorter ones. The zero value
// has not asked yet.
type goAuth struct {
	once  sync.Once
	ways  []way  // in order
	file  string // of netrc
	err   error
	turn  chan struct{} // holds a token while the ways are asked for the first time
	asked bool          // guarded by turn

	mu       sync.Mutex
	headers  map[string]http.Header // by host and path
	netrc    map[string]http.Header // by host, also where the URL has a port, as git and curl take a netrc file
	failures map[string]string      // way → what happened the last time
}

func (g *goAuth) init(c *Credentials) error {
	g.once.Do(func() {
		g.turn = make(chan struct{}, 1)
		g.headers, g.netrc, g.failures = make(map[string]http.Header), make(map[string]http.Header), make(map[string]string)
		var value string
		value, g.file = c.GoAuth()
		g.ways, g.err = parseGoAuth(value)
	})
	return g.err
}

// first asks every way once for all it knows, and then returns what is known of a URL.
func (g *goAuth) first(ctx context.Context, c *Credentials, u *url.URL) (http.Header, error) {
	if err := g.init(c); err != nil {
		return nil, err
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-g.turn }()
	if !g.asked {
		for _, w := range slices.Backward(g.ways) {
			switch w.kind {
			case "netrc":
				g.readNetrc(g.file)
			case "command":
				g.run(ctx, w, nil, nil)
			}
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		g.asked = true
	}
	return g.lookup(u), nil
}

// again asks the ways for one URL that a server refused.
func (g *goAuth) again(ctx context.Context, u *url.URL, refusal *http.Response) (http.Header, func(context.Context, int), error) {
	told := func(context.Context, int) {}
	for _, w := range slices.Backward(g.ways) {
		switch w.kind {
		case "netrc": // what follows it may have told something else
			g.readNetrc(g.file)
		case "git":
			if verdict := g.fill(ctx, w, u); verdict != nil {
				told = verdict
			}
		case "command":
			g.run(ctx, w, u, refusal)
		}
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return g.lookup(u), told, nil
}

// lookup returns what is known of the longest prefix of a URL.
func (g *goAuth) lookup(u *url.URL) http.Header {
	g.mu.Lock()
	defer g.mu.Unlock()
	prefix := strings.TrimSuffix(u.Host+u.EscapedPath(), "/")
	for {
		if header, ok := g.headers[prefix]; ok {
			return header.Clone()
		}
		i := strings.LastIndexByte(prefix, '/')
		if i < 0 {
			return g.netrc[u.Hostname()].Clone()
		}
		prefix = prefix[:i]
	}
}

// store keeps headers for a URL, or forgets them if there are none.
func (g *goAuth) store(prefix string, header http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	prefix = strings.TrimSuffix(strings.TrimPrefix(prefix, "https://"), "/")
	if len(header) == 0 {
		delete(g.headers, prefix)
		return
	}
	g.headers[prefix] = header
}

func (g *goAuth) readNetrc(file string) {
	for host, user := range readNetrc(file) {
		g.store(host, userHeader(user))
		g.mu.Lock()
		g.netrc[host] = userHeader(user)
		g.mu.Unlock()
	}
}

// run runs a command. One that fails tells nothing, as for the go command.
func (g *goAuth) run(ctx context.Context, w way, u *url.URL, refusal *http.Response) {
	argv, stdin := w.argv, ""
	if u != nil {
		argv, stdin = append(slices.Clone(argv), u.String()), responseText(refusal)
	}
	var out []byte
	err := w.err
	if err == nil {
		out, err = output(ctx, "", stdin, argv...)
	}
	var told map[string]http.Header
	if err == nil {
		told, err = parseAuthResponse(string(out))
	}
	g.failed(w, err)
	for prefix, header := range told {
		g.store(prefix, header)
	}
}

// failed remembers how a way fared, for the reader of a refusal.
func (g *goAuth) failed(w way, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.failures, w.String())
	if err != nil {
		g.failures[w.String()] = err.Error()
	}
}

// fill asks git's credential helpers. The verdict of the server is for them; nil where they know
// nothing.
func (g *goAuth) fill(ctx context.Context, w way, u *url.URL) func(context.Context, int) {
	out, err := output(ctx, w.dir, "url="+u.String()+"\n", "git", "credential", "fill")
	var prefix string
	var user *url.Userinfo
	if err == nil {
		if prefix, user = parseGitCredential(string(out)); !strings.HasPrefix(u.String(), prefix) || prefix == "" {
			err = errors.New("it answers for another URL")
		}
	}
	g.failed(w, err)
	if err != nil {
		return nil
	}
	g.store(prefix, userHeader(user))
	return func(ctx context.Context, status int) {
		if g.lookup(u).Get("Authorization") != userHeader(user).Get("Authorization") {
			return // it was another way's word
		}
		verdict := map[int]string{http.StatusOK: "approve", http.StatusUnauthorized: "reject"}[status]
		if verdict != "" {
			_, err := output(ctx, w.dir, string(out), "git", "credential", verdict)
			g.failed(w, err)
		}
	}
}

// output runs a program of the user's, with the user's environment but for the tokens of
// registries, and never lets it ask for a password.
func output(ctx context.Context, dir, stdin string, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = token.Without(os.Environ())
	for _, quiet := range []string{"GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never"} {
		if name, _, _ := strings.Cut(quiet, "="); os.Getenv(name) == "" {
			cmd.Env = append(cmd.Env, quiet)
		}
	}
	defer procgroup.Set(cmd)()
	var stdout bytes.Buffer // what it writes elsewhere may hold secrets
	cmd.Stdout = &stdout
	err := cmd.Run()
	var unknown *exec.Error
	var unusable *fs.PathError
	switch { // without the program's path
	case errors.As(err, &unknown):
		err = unknown.Err
	case errors.As(err, &unusable):
		err = unusable.Err
	}
	return stdout.Bytes(), err
}

// places names the ways, and how those fared that failed.
func (g *goAuth) places(c *Credentials) []string {
	if g.init(c) != nil {
		return []string{"GOAUTH (which cannot be used)"}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []string
	for _, w := range g.ways {
		switch failure := g.failures[w.String()]; {
		case w.kind == "netrc":
			names = append(names, "the netrc file")
		case failure != "":
			names = append(names, fmt.Sprintf("GOAUTH's %s (%s)", w, failure))
		default:
			names = append(names, "GOAUTH's "+w.String())
		}
	}
	if len(names) == 0 {
		names = []string{"GOAUTH (off)"}
	}
	return names
}
