package goproxy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childStore makes the test binary an installing process: it names the store.
const childStore = "LOAD_TEST_INSTALL_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childStore); dir != "" {
		if err := childInstall(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childInstall loads one name in 16 goroutines.
func childInstall(dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	in := goproxy.New(goproxy.Config{ModCache: "off", GOOS: "linux", GOARCH: "amd64"})
	name, err := find.ParseName("example.com/a")
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := [16]error{}
	for i := range errs {
		wg.Go(func() {
			release, err := in.Resolve(context.Background(), new(install.Session), name)
			if err == nil {
				_, err = in.Install(context.Background(), &install.Session{Store: s}, release)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

func child(p *loadtest.ProxyServer, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), p.Env()...), childStore+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestProcesses: many processes that install one name at a time download each zip once.
func TestProcesses(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	dir := loadtest.TempDir(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			assert.NoError(t, child(p, dir).Run())
		})
	}
	wg.Wait()
	n := p.Count(".zip")
	assert.Equalf(t, 2, n, "%d zips were downloaded, want 2", n)
}

// TestKilled: a process killed at any moment leaves a store that the next one completes.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	for range 12 {
		dir := loadtest.TempDir(t)
		cmd := child(p, dir)
		cmd.Stderr = nil
		require.NoError(t, cmd.Start())
		time.Sleep(rand.N(60 * time.Millisecond)) // any moment will do: none decides the test
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s, err := store.Open(dir)
		require.NoError(t, err)
		spec, err := bring(t, goproxy.New(config(p)), s, "example.com/a")
		require.NoError(t, err)
		got, want := buildList(spec), "example.com/a@v1.0.0 example.com/b@v1.1.0"
		assert.Equal(t, want, got)
	}
}
