package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A test binary that starts with this variable set does the named work on the store in its last
// argument.
const processEnv = "STORE_TEST_PROCESS"

func TestMain(m *testing.M) {
	work := map[string]func(*store.Store) error{"artifact": makeArtifact, "temp": holdTemp, "three": makeThree}[os.Getenv(processEnv)]
	if work == nil {
		os.Exit(m.Run())
	}
	s, err := store.Open(os.Args[len(os.Args)-1])
	if err == nil {
		err = work(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func process(work, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), processEnv+"="+work)
	cmd.Stderr = os.Stderr
	return cmd
}

// makeArtifact asks for one artifact from 16 goroutines and checks it. Each build adds a line to a
// file.
func makeArtifact(s *store.Store) error {
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = makeOnce(s) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

var contents = strings.Repeat("artifact", 100_000)

func makeOnce(s *store.Store) error {
	a, _, err := s.Artifact(context.Background(), key, func(ctx context.Context, dir string) error {
		log, err := os.OpenFile(filepath.Join(s.Dir(), "builds"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer log.Close()
		if _, err := fmt.Fprintln(log, os.Getpid()); err != nil {
			return err
		}
		return writing(map[string]string{"one": contents, "two/three": contents})(ctx, dir)
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"one", "two/three"} {
		if data, err := a.ReadFile(name); err != nil || string(data) != contents {
			return fmt.Errorf("%s has %d bytes: %v", name, len(data), err)
		}
	}
	return nil
}

func TestOneBuildForAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			assert.NoError(t, process("artifact", s.Dir()).Run())
		})
	}
	wg.Wait()
	builds, err := os.ReadFile(filepath.Join(s.Dir(), "builds"))
	n := strings.Count(string(builds), "\n")
	assert.Equal(t, 1, n)
	assert.NoError(t, err)
}

// TestKill kills processes at ever later moments of a build; each leaves nothing or a whole
// artifact, and the last process finds no obstacle.
func TestKill(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 20 {
		cmd := process("artifact", s.Dir())
		cmd.Stderr = nil
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		a, err := s.Lookup(key)
		require.NoError(t, err)
		if a != nil {
			require.NoError(t, makeOnce(s))
			require.NoError(t, s.Evict(key))
		}
	}
	last := openDir(t, s.Dir())
	require.NoError(t, makeArtifact(last))
	left, err := os.ReadDir(filepath.Join(s.Dir(), "tmp"))
	assert.NoError(t, err)
	assert.Zero(t, len(left))
}

// holdTemp makes a temporary directory, names it, and waits to be killed.
func holdTemp(s *store.Store) error {
	dir, _, err := s.Temp("held")
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "read-only"), 0o555); err != nil {
		return err
	}
	fmt.Println(dir)
	time.Sleep(time.Hour)
	return nil
}

func TestTempOfTheDeadIsSwept(t *testing.T) {
	t.Parallel()
	dir := open(t).Dir()
	var held []string
	var owners []*exec.Cmd
	for range 2 {
		cmd := process("temp", dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		held, owners = append(held, strings.TrimSpace(line)), append(owners, cmd)
	}
	_ = owners[0].Process.Kill()
	_ = owners[0].Wait()

	mine, remove, err := openDir(t, dir).Temp("Mine/../")
	require.NoError(t, err)
	_, err = os.Stat(held[0])
	assert.Truef(t, os.IsNotExist(err), "what a dead process held is still there: %v", err)
	for _, path := range []string{held[1], mine} {
		_, err := os.Stat(path)
		assert.NoError(t, err)
	}
	remove()
	remove()
	_, err = os.Stat(filepath.Dir(mine))
	assert.Truef(t, os.IsNotExist(err), "a removed directory is still there: %v", err)
}

// TestTempHammer makes and sweeps temporary directories at the same time.
func TestTempHammer(t *testing.T) {
	t.Parallel()
	dir := open(t).Dir()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				temp, remove, err := openDir(t, dir).Temp("hammer")
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, os.WriteFile(filepath.Join(temp, "file"), nil, 0o600))
				remove()
			}
		})
	}
	wg.Wait()
}
