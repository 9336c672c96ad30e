package getter_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A test binary that starts with this variable set loads the names in its arguments, with the store
// that it names.
const childStore = "GETTER_TEST_STORE"

func TestMain(m *testing.M) {
	dir := os.Getenv(childStore)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := loadInChild(dir, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// done is what a child tells of its work.
type done struct{ Installed, Compiled int64 }

// loadInChild loads each name in 100 goroutines.
func loadInChild(dir string, names []string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	var d done
	l, err := load.New(load.Config{
		Installers: []install.Installer{getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})},
		Engines:    []engine.Engine{starlark.New(starlark.Config{})}, Store: s,
		Events: func(e event.Event) {
			switch e.(type) {
			case event.Installed:
				atomic.AddInt64(&d.Installed, 1)
			case event.Compiled:
				atomic.AddInt64(&d.Compiled, 1)
			}
		},
	})
	if err != nil {
		return err
	}
	defer l.Close(context.Background())
	errs := make([]error, 100*len(names))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			m, err := l.Load(context.Background(), names[i%len(names)])
			if err == nil {
				_, err = load.Value[int](m, "rate")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(&d)
}

// Three processes of 100 goroutines that ask for one repository and one file at a time fetch and
// compile each once.
func TestProcesses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, first, _ := rules(t, filepath.Join(root, "rules.git"))
	const script = "rate = 3\n"
	sum := sha256.Sum256([]byte(script))
	url, web := serve(t, map[string][]byte{"/tax.star": []byte(script)})
	git := new(loadtest.GitServer)
	names := []string{
		"git::" + git.Start(t, root) + "/rules.git//tax?ref=" + first,
		url + "/tax.star?checksum=sha256:" + hex.EncodeToString(sum[:]),
	}
	run := func(dir string) (done, error) {
		cmd := exec.Command(os.Args[0], names...)
		cmd.Env = append(os.Environ(), childStore+"="+dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, os.Stderr
		if err := cmd.Run(); err != nil {
			return done{}, err
		}
		var d done
		return d, json.Unmarshal(out.Bytes(), &d)
	}
	_, err := run(loadtest.OpenStore(t).Dir())
	require.NoError(t, err)
	alone := len(git.Requests()) // of one fetch

	dir := loadtest.OpenStore(t).Dir()
	var mu sync.Mutex
	var total done
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			d, err := run(dir)
			mu.Lock()
			defer mu.Unlock()
			assert.NoError(t, err)
			total.Installed += d.Installed
			total.Compiled += d.Compiled
		})
	}
	wg.Wait()
	assert.Equal(t, (done{Installed: 2, Compiled: 2}), total)
	web.mu.Lock()
	defer web.mu.Unlock()
	assert.Equal(t, 2, web.counts["/tax.star"], "downloads of the file: one of them alone, and one of the three")
	n := len(git.Requests()) - alone
	assert.Equalf(t, alone, n, "%d requests for the repository, and %d of one process alone", n, alone)
}
