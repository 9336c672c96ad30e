package failpoint_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRandomKills runs commands on one store and one lock file, several at a time, and kills most
// of them at any moment. Those that are left alone do their work, and in the end nothing is
// damaged. LOAD_CRASH is for how long; then there are compilers among them.
func TestRandomKills(t *testing.T) {
	t.Parallel()
	const hello, rules = "example.com/hello", "$RULES//tax?ref=v1.0.0"
	commands := [][]string{
		{"lock", hello},
		{"lock", rules},
		{"eval", rules, "price(100)"},
		{"eval", rules, "price(100)"},
		{"lock", "-remove", hello},
		{"rm", hello},
		{"gc", "-unused", "0s"},
		{"gc", "-max-size", "1"},
		{"verify"},
	}
	lasting := 2 * time.Second
	if v, ok := os.LookupEnv("LOAD_CRASH"); ok {
		var err error
		lasting, err = time.ParseDuration(v)
		require.NoError(t, err)
		commands = append(commands, []string{"eval", hello, `Hello("you")`})
	}
	// What may be said where another command came first.
	excuses := []string{"it is not installed", "it is not in the lock file"}
	env := environment(t)
	m := newMachine(t, build(t), env, scenario{commands: [][]string{{"eval", rules, "price(100)"}}, want: "107\n"})
	var mu sync.Mutex
	done, killed := make(map[string]int), 0
	end := time.Now().Add(lasting)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(end) {
				args := commands[rand.N(len(commands))]
				cmd := m.command(t, args)
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if !assert.NoError(t, cmd.Start()) {
					return
				}
				if rand.N(3) > 0 {
					time.Sleep(rand.N(80 * time.Millisecond))
					_ = cmd.Process.Kill()
				}
				err := cmd.Wait()
				mu.Lock()
				var status *exec.ExitError
				switch {
				case err == nil:
					done[args[0]]++
				case errors.As(err, &status) && status.ExitCode() < 0:
					killed++
				case !slices.ContainsFunc(excuses, func(s string) bool { return strings.Contains(out.String(), s) }):
					t.Errorf("load %s: %v\n%s", strings.Join(args, " "), err, out.String())
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	m.verify(t, "in the end")
	out, err := m.run(t, m.last())
	m.check(t, "in the end", out, err)
	_, err = m.run(t, []string{"gc"})
	assert.NoError(t, err)
	left, err := os.ReadDir(filepath.Join(m.store, "tmp"))
	assert.NoError(t, err)
	assert.Zero(t, len(left))
	t.Logf("done: %v, killed: %d", done, killed)
}
