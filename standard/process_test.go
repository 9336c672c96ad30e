package standard_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestManyProcesses: 16 processes of 16 goroutines each that ask for one cold name do one download
// of each zip and one compile, and each gets the module.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	var mu sync.Mutex
	compiled, installed := 0, 0
	var wg sync.WaitGroup
	for range 16 {
		cmd := command(t, s.store, s.proxy.Env(), "greet", "example.com/hello")
		wg.Go(func() {
			g, err := greetIn(cmd)
			mu.Lock()
			defer mu.Unlock()
			want := slices.Repeat([]string{"good day, dear you"}, 16)
			assert.NoError(t, err)
			assert.Equal(t, want, g.Answers)
			assert.Equalf(t, 1, g.Events["Opened"], "%d instances in one host, want 1", g.Events["Opened"])
			compiled += g.Events["Compiled"]
			installed += g.Events["Installed"]
		})
	}
	wg.Wait()
	zips := s.proxy.Count(".zip")
	assert.Equalf(t, 2, zips, "%d zips downloaded, %d installs, %d compiles; want 2, 1, 1", zips, installed, compiled)
	assert.Equalf(t, 1, installed, "%d zips downloaded, %d installs, %d compiles; want 2, 1, 1", zips, installed, compiled)
	assert.Equalf(t, 1, compiled, "%d zips downloaded, %d installs, %d compiles; want 2, 1, 1", zips, installed, compiled)
	modules, artifacts := check(t, s.store)
	assert.Equalf(t, 2, modules, "the store has %d modules and %d artifacts, want 2 and 1", modules, artifacts)
	assert.Equalf(t, 1, artifacts, "the store has %d modules and %d artifacts, want 2 and 1", modules, artifacts)
}

// TestKilledHosts kills hosts at any moment of a cold load. Whatever they leave is whole, and the
// next one completes it.
func TestKilledHosts(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, published)
	s := loadtest.OpenStore(t)
	started := time.Now()
	_, err := greetIn(command(t, s, p.Env(), "greet", "example.com/hello"))
	require.NoError(t, err)
	whole := time.Since(started)
	s = loadtest.OpenStore(t)
	for range 20 {
		cmd := command(t, s, p.Env(), "greet", "example.com/hello")
		cmd.Stderr = nil
		require.NoError(t, cmd.Start())
		time.Sleep(rand.N(whole)) // any moment will do: none decides the test
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, artifacts := check(t, s); artifacts > 0 {
			s = complete(t, p, s)
		}
	}
	complete(t, p, s)
}

// complete loads from what killed hosts left, and returns a new store for the next of them.
func complete(t *testing.T, p *loadtest.ProxyServer, s *store.Store) *store.Store {
	t.Helper()
	g, err := greetIn(command(t, s, p.Env(), "greet", "example.com/hello"))
	require.NoError(t, err)
	require.Len(t, g.Answers, 16)
	assert.Equal(t, "good day, dear you", g.Answers[0])
	modules, artifacts := check(t, s)
	assert.Equalf(t, 2, modules, "the store has %d modules and %d artifacts, want 2 and 1", modules, artifacts)
	assert.Equalf(t, 1, artifacts, "the store has %d modules and %d artifacts, want 2 and 1", modules, artifacts)
	return loadtest.OpenStore(t)
}

// TestKilledHostLeavesNoChild: the module's process ends with the host, whatever ends the host.
func TestKilledHostLeavesNoChild(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	s := newSystem(t)
	cmd := command(t, s.store, s.proxy.Env(), "hold", "example.com/hello")
	out := lines(t, cmd)
	if !out.Scan() {
		require.Fail(t, "the host ended", "%v", cmd.Wait())
	}
	var pid int
	require.NoError(t, json.Unmarshal(out.Bytes(), &pid))
	require.True(t, lives(pid), "the module does not run in a process of its own")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	require.Eventuallyf(t, func() bool { return !lives(pid) }, time.Minute, time.Millisecond, "process %d outlived its host", pid)
}

// lives reports whether a process runs; one that only waits to be reaped does not.
func lives(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(state, "Z")
}

// TestWarmLoadNeedsNobody: what is installed and compiled loads without a request and without the
// go command, also if there is none.
func TestWarmLoadNeedsNobody(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	warm := func(env ...string) {
		t.Helper()
		g, err := greetIn(command(t, s.store, append(s.proxy.Env(), env...), "greet", "example.com/hello"))
		require.NoError(t, err)
		require.Len(t, g.Answers, 16)
		require.Equal(t, "good day, dear you", g.Answers[0])
		assert.Zero(t, g.Events["Compiled"]+g.Events["Installed"]+g.Events["Downloaded"], "events of a warm load")
	}
	_, err := greetIn(command(t, s.store, s.proxy.Env(), "greet", "example.com/hello"))
	require.NoError(t, err)
	requests := s.proxy.Count("")

	// A toolchain whose go command tells that it was started.
	root := t.TempDir()
	started := filepath.Join(root, "started")
	for name, text := range map[string]string{
		"VERSION": runtime.Version() + "\n",
		"src/doc": "",
		"bin/go":  "#!/bin/sh\necho \"$*\" >>" + started + "\nexit 1\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o755))
	}
	warm("PATH="+filepath.Join(root, "bin"), "GOROOT="+root)
	_, err = os.ReadFile(started)
	assert.Error(t, err, "the go command was started")
	broken := t.TempDir() // what answers in the place of a toolchain has none
	require.NoError(t, os.WriteFile(filepath.Join(broken, "go"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
	warm("PATH="+broken, "GOROOT=")
	n := s.proxy.Count("") - requests
	assert.Zerof(t, n, "%d requests by warm loads", n)
}
