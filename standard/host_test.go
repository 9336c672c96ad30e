package standard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/gofrs/flock"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

// A test binary that starts with this variable set is a host program that does the named job.
const hostEnv = "STANDARD_TEST_HOST"

func TestMain(m *testing.M) {
	job := map[string]func(*host, []string) error{
		"greet":     (*host).greet,
		"hold":      (*host).hold,
		"interrupt": (*host).interrupt,
		"start":     (*host).start,
		"fork":      (*host).fork,
		"memory":    (*host).memory,
		"close":     (*host).close,
		"unload":    (*host).unload,
	}[os.Getenv(hostEnv)]
	if job == nil {
		os.Exit(m.Run())
	}
	if err := job(&host{out: json.NewEncoder(os.Stdout)}, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// host is a program that uses standard.New as it comes: everything is set by the environment.
type host struct {
	out *json.Encoder

	mu    sync.Mutex
	kinds map[string]int // how many events there were of each type
}

func (h *host) loader(see func(load.Event)) (*load.Loader, error) {
	h.kinds = make(map[string]int)
	return standard.New(load.Config{Events: func(e load.Event) {
		h.mu.Lock()
		h.kinds[kind(e)]++
		h.mu.Unlock()
		if see != nil {
			see(e)
		}
	}})
}

// greeting is what greet reports.
type greeting struct {
	Answers []string
	Events  map[string]int
}

// greet calls Greet of the named module from 16 goroutines, each of which loads it.
func (h *host) greet(args []string) error {
	l, err := h.loader(nil)
	if err != nil {
		return err
	}
	answers, errs := make([]string, 16), make([]error, 16)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i], errs[i] = callGreet(context.Background(), l, args[0]) })
	}
	wg.Wait()
	if err := errors.Join(append(errs, l.Close(context.Background()))...); err != nil {
		return err
	}
	return h.out.Encode(greeting{answers, h.kinds})
}

func callGreet(ctx context.Context, l *load.Loader, name string) (string, error) {
	m, err := l.Load(ctx, name)
	if err != nil {
		return "", err
	}
	greet, err := load.Func[func(string) (string, error)](m, "Greet")
	if err != nil {
		return "", err
	}
	return greet("you")
}

// hold loads a module, tells the process that it runs in, and waits to be killed.
func (h *host) hold(args []string) error {
	l, err := h.loader(nil)
	if err != nil {
		return err
	}
	m, err := l.Load(context.Background(), args[0])
	if err != nil {
		return err
	}
	pid, err := m.Call(context.Background(), "Pid")
	if err != nil {
		return err
	}
	if err := h.out.Encode(pid[0]); err != nil {
		return err
	}
	select {}
}

// interruption is what interrupt reports at last.
type interruption struct {
	Err      string   // how the interrupted load ended
	Canceled bool     // whether that is a cancellation
	Held     []string // locks that are held after it
	Temp     []string // work in progress that is left after it
	Answer   string   // of the next load
}

// interrupt loads a module until Ctrl-C, reporting each event by its type, and once again.
func (h *host) interrupt(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var mu sync.Mutex
	l, err := h.loader(func(e load.Event) {
		mu.Lock()
		defer mu.Unlock()
		_ = h.out.Encode(kind(e))
	})
	if err != nil {
		return err
	}
	_, err = l.Load(ctx, args[0])
	if err == nil {
		return errors.New("the load was not interrupted")
	}
	report := interruption{Err: err.Error(), Canceled: errors.Is(err, context.Canceled)}
	dir := os.Getenv("LOAD_DIR")
	report.Held = heldLocks(dir)
	entries, _ := os.ReadDir(filepath.Join(dir, "tmp"))
	for _, entry := range entries {
		report.Temp = append(report.Temp, entry.Name())
	}
	if report.Answer, err = callGreet(context.Background(), l, args[0]); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	return h.out.Encode(report)
}

// heldLocks lists the locks of a store that somebody holds.
func heldLocks(dir string) []string {
	var held []string
	files, _ := filepath.Glob(filepath.Join(dir, "lock", "*"))
	for _, name := range files {
		lock := flock.New(name)
		if ok, err := lock.TryLock(); !ok || err != nil {
			held = append(held, filepath.Base(name))
		}
		_ = lock.Unlock()
	}
	return held
}

// command is the host that does a job, in a working directory, with a store and further
// environment.
func command(t testing.TB, s *store.Store, env []string, job string, args ...string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(executable, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.Concat(os.Environ(), []string{hostEnv + "=" + job, "LOAD_DIR=" + s.Dir(), "LOAD_PATH=", "GOMODCACHE=" + cmd.Dir}, env)
	cmd.Stderr = os.Stderr
	return cmd
}

// greetIn is the report of a host that greets.
func greetIn(cmd *exec.Cmd) (g greeting, err error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return g, fmt.Errorf("%w\n%s", err, &stderr)
	}
	return g, json.Unmarshal(out, &g)
}

// lines starts a command and returns the lines that it prints, as they come.
func lines(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return bufio.NewScanner(out)
}
