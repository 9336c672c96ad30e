package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	images "github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/report"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"load": main})
}

// TestScript runs the scripts in testdata/script. Each has a module proxy, a store and a home
// directory of its own, and shares the build cache, so that the standard library is compiled once.
func TestScript(t *testing.T) {
	t.Parallel()
	cache := goEnv(t, "GOCACHE")
	goroot := goEnv(t, "GOROOT")
	modules := readModules(t)
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // then read what has changed
		Setup: func(env *testscript.Env) error {
			proxy := loadtest.Proxy(t, modules...)
			env.Values["proxy"] = proxy
			env.Vars = append(env.Vars, proxy.Env()...)
			env.Values["private"] = newPrivateRegistry(t)
			home, store := filepath.Join(env.WorkDir, ".home"), filepath.Join(env.WorkDir, ".store")
			if err := os.Mkdir(home, 0o700); err != nil {
				return err
			}
			bin, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			env.Setenv("BIN", bin) // holds load and no go command
			env.Setenv("HOME", home)
			env.Setenv("LOAD_DIR", store)
			env.Setenv("STORE", store)
			env.Setenv("GOCACHE", cache)
			env.Setenv("GOROOT", goroot)
			env.Setenv("GOMODCACHE", filepath.Join(home, "modcache"))
			env.Setenv("GOENV", "off")
			env.Setenv("PROXY", proxy.URL)
			pages, err := filepath.Abs(filepath.Join(root, "docs"))
			if err != nil {
				return err
			}
			env.Setenv("PAGES", pages)
			images := httptest.NewServer(images.New(images.Logger(log.New(io.Discard, "", 0))))
			env.Defer(images.Close)
			env.Setenv("IMAGES", images.Listener.Addr().String())
			env.Setenv("HELLO", proxy.Sum("example.com/hello", "v1.0.0"))
			env.Setenv("WORDS", proxy.Sum("example.com/words", "v1.0.0"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "mounts" { // without privileges, in namespaces of one's own
				return false, fmt.Errorf("unknown condition %s", cond)
			}
			return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", os.TempDir()).Run() == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"agree":       agree,
			"counts":      counts,
			"damage":      damage,
			"edit":        edit,
			"exitcode":    exitCode,
			"expand":      expand,
			"fault":       fault,
			"poison":      poison,
			"private":     private,
			"recipe":      recipe,
			"refuse":      refuse,
			"registry":    registryRule,
			"repair":      repair,
			"replace":     replace,
			"requests":    requests,
			"silence":     silence,
			"toolchain":   publishToolchain,
			"waitfor":     waitFor,
			"waitrequest": waitRequest,
		},
	})
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// readModules reads what the module proxies of the scripts serve.
func readModules(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "mod", "*.txtar"))
	require.NoError(t, err)
	var archives []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		archives = append(archives, string(data))
	}
	return archives
}

// requests checks how many requests whose path holds a text the module proxy has had: requests 1
// .zip.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests N TEXT")
	}
	if got := ts.Value("proxy").(*loadtest.ProxyServer).Count(args[1]); args[0] != strconv.Itoa(got) {
		ts.Fatalf("%d requests for %s, want %s", got, args[1], args[0])
	}
}

// refuse lets the module proxy forbid a path.
func refuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: refuse PATH")
	}
	ts.Value("proxy").(*loadtest.ProxyServer).Fault(args[0], loadtest.Status(http.StatusForbidden))
}

// publishToolchain lets the module proxy have a release of Go for this machine: its go command is
// the one that runs the test, and takes any "go" line.
func publishToolchain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: toolchain RELEASE")
	}
	root := ts.Getenv("GOROOT")
	ts.Value("proxy").(*loadtest.ProxyServer).Publish("golang.org/toolchain", "v0.0.1-"+args[0]+"."+runtime.GOOS+"-"+runtime.GOARCH, map[string][]byte{
		"VERSION":             []byte(args[0] + "\ntime 2026-01-02T03:04:05Z\n"),
		"src/_go.mod":         []byte("module std\n"),
		"src/strings/doc.go":  []byte("package strings\n"),
		"bin/go":              []byte("#!/bin/sh\nexport GOROOT=" + root + "\nfind . -name go.mod -exec sed -i 's/^go 1\\..*/go 1.26/' {} +\nexec $GOROOT/bin/go \"$@\"\n"),
		"pkg/tool/os/compile": nil,
	})
}

// repair ends what refuse and silence began.
func repair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: repair")
	}
	ts.Value("proxy").(*loadtest.ProxyServer).Repair()
}

// silence lets the next request for a path of the module proxy wait for ever.
func silence(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: silence PATH")
	}
	ts.Value("proxy").(*loadtest.ProxyServer).Fault(args[0], loadtest.Times(1, loadtest.Silent()))
}

// waitRequest waits until the module proxy was asked for a path.
func waitRequest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitrequest PATH")
	}
	proxy := ts.Value("proxy").(*loadtest.ProxyServer)
	wait(ts, args[0], func() bool { return proxy.Count(args[0]) > 0 })
}

// counts checks how many entries match a pattern: counts 1 '$STORE/obj/*'.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: counts N PATTERN")
	}
	found, err := filepath.Glob(args[1])
	ts.Check(err)
	if got := len(found); args[0] != strconv.Itoa(got) {
		ts.Fatalf("%s: %d entries, want %s: %q", args[1], got, args[0], found)
	}
}

// agree checks that explain tells what get does: agree [-frozen ...] NAME. Both fail with one
// error; or what explain decides is the same before and after get.
func agree(ts *testscript.TestScript, neg bool, args []string) {
	explain := func() (decided report.Explanation, failure string) {
		if ts.Exec("load", append([]string{"explain", "-json"}, args...)...) != nil {
			return decided, ts.ReadFile("stderr")
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &decided))
		return decided, ""
	}
	before, told := explain()
	met := ""
	if ts.Exec("load", append([]string{"get"}, args...)...) != nil {
		met = ts.ReadFile("stderr")
	}
	if told != met || (met != "") != neg {
		ts.Fatalf("explain: %q\nget: %q", told, met)
	}
	if met != "" {
		return
	}
	after, told := explain()
	decisions := func(e report.Explanation) []any {
		return []any{e.Canonical, e.Module, e.Version, e.Origin, e.Registry, e.Policy, e.Along}
	}
	if told != "" || !reflect.DeepEqual(decisions(before), decisions(after)) {
		ts.Fatalf("before get: %+v\nafter it: %+v %s", before, after, told)
	}
}

// damage changes a read-only file.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage FILE")
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.Chmod(name, 0o644))
	ts.Check(os.WriteFile(name, []byte("package words\n"), 0o644))
}

// exitCode runs a command and checks its exit code: exitcode 2 load eval.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// edit replaces a text in a file, which has to hold it: edit FILE OLD NEW.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q:\n%s", args[0], args[1], text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

// expand puts the values of environment variables into a file.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name, []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
}

// waitFor waits until a file that a command in the background writes holds a text.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE TEXT")
	}
	wait(ts, args[1], func() bool {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(data), args[1])
	})
}

func wait(ts *testscript.TestScript, what string, done func() bool) {
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("no %q within a minute", what)
		}
	}
}
