package remote_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// asHost is the variable that makes a process of this test a host of the fleet: its sources, its
// store and its policy.
const asHost = "LOAD_TEST_HOST"

func TestMain(m *testing.M) {
	if what, ok := os.LookupEnv(asHost); ok {
		if err := runHost(strings.Split(what, ";")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runHost loads a script, calls it, and prints what happened to its artifact.
func runHost(args []string) error {
	ctx := context.Background()
	s, err := store.Open(args[1])
	if err != nil {
		return err
	}
	p, err := policy.Read(args[2])
	if err != nil {
		return err
	}
	r, err := remote.New(remote.Config{Policies: []*policy.Policy{p}, OCI: quick, Wait: time.Minute})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	l, err := load.New(load.Config{
		Path: find.Path{dir.New(args[0])}, Store: s, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Policies: []*policy.Policy{p}, Remote: r,
		Events: func(e load.Event) {
			mu.Lock()
			defer mu.Unlock()
			if kind, _, _ := strings.Cut(e.String(), " "); kind == "fetched" || kind == "compiled" || kind == "passed" {
				fmt.Println(e)
			}
		},
	})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	m, err := l.Load(ctx, "rules")
	if err != nil {
		return err
	}
	results, err := m.Call(ctx, "double", 21)
	fmt.Println("answer", results)
	return err
}

// TestProcesses: 50 processes that start at once on an empty machine compile once, and so do all
// that come later: of 50 processes of five other machines, each machine fetches what the first
// compiled, once. All answer.
func TestProcesses(t *testing.T) {
	t.Parallel()
	const machines = 5
	s, dirs := serve(t), scripts(t)
	signer, public := newKey(t, "builder")
	rules := filepath.Join(t.TempDir(), "load.policy")
	require.NoError(t, os.WriteFile(rules, []byte("load.policy 1\nartifacts "+s.place()+" signed-by "+public+"\n"), 0o600))
	first := filepath.Join(t.TempDir(), "store")
	s.From(nil)
	all := hosts(t, dirs, rules, first)
	assert.Equal(t, 1, strings.Count(all, "compiled "), all)
	assert.NotContains(t, all, "fetched ")
	assert.Len(t, s.Requests(), 1, "there was nothing to be had")

	at, err := store.Open(first)
	require.NoError(t, err)
	builder := joinAt(t, at, dirs, nil)
	pushFrom(t, builder, nil, []string{s.place()}, signer)
	assert.Empty(t, of[event.Compiled](builder), "it has what the first process compiled")

	s.From(nil)
	stores := make([]string, machines)
	for i := range stores {
		stores[i] = filepath.Join(t.TempDir(), "store")
	}
	all = hosts(t, dirs, rules, stores...)
	assert.Equal(t, machines, strings.Count(all, "fetched "), all)
	assert.NotContains(t, all, "compiled ")
	asked := map[string]int{}
	for _, r := range s.Requests() {
		asked[r]++
	}
	assert.NotEmpty(t, asked)
	for r, n := range asked {
		assert.LessOrEqual(t, n, machines, r)
	}
}

// hosts starts 50 processes at once, which share the stores, and returns what they print. All have
// to answer.
func hosts(t *testing.T, dirs, rules string, stores ...string) (all string) {
	t.Helper()
	const hosts = 50
	outputs, errs := make([]string, hosts), make([]error, hosts)
	var wg sync.WaitGroup
	for i := range hosts {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), asHost+"="+dirs+";"+stores[i%len(stores)]+";"+rules)
			out, err := cmd.CombinedOutput()
			outputs[i], errs[i] = string(out), err
		})
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(t, err, outputs[i])
	}
	all = strings.Join(outputs, "")
	assert.Equal(t, hosts, strings.Count(all, "answer [42]"), all)
	assert.NotContains(t, all, "passed ")
	return all
}
