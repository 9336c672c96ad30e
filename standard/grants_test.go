package standard_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reach is a module that reaches for what a policy can grant.
const reach = `package reach

import (
	"net"
	"os"
	"time"
)

func Read(path string) (string, error)  { data, err := os.ReadFile(path); return string(data), err }
func Write(path, text string) error     { return os.WriteFile(path, []byte(text), 0o600) }
func Env(name string) string            { return os.Getenv(name) }
func Wait()                             { time.Sleep(time.Hour) }
func Dial(address string) error {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err == nil {
		err = c.Close()
	}
	return err
}
func Fill(mebibytes int) int {
	block := make([]byte, mebibytes<<20)
	for i := range block {
		block[i] = 1
	}
	return len(block)
}
`

// What a policy grants is what a module has, in either engine.
func TestGrants(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "reach")
	files, shared := t.TempDir(), t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{filepath.Join(dir, "reach.go"): reach, filepath.Join(files, "a"): "here", filepath.Join(shared, "b"): "", secret: "no"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	for _, engine := range goEngines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			granted := policy.Grants{ReadOnly: []string{files}, ReadWrite: []string{shared}, Env: []string{"GREETING=hi"}, Memory: 256 << 20, CallTime: 3 * time.Second}
			if engine == "goprocess" {
				granted.Network = true
			}
			open := func(p *policy.Policy) *load.Module {
				l, err := standard.New(load.Config{Store: s, Engine: engine, Policies: []*policy.Policy{p}})
				require.NoError(t, err)
				t.Cleanup(func() { _ = l.Close(t.Context()) })
				m, err := l.Load(t.Context(), dir)
				require.NoError(t, err)
				return m
			}
			with, without := open(&policy.Policy{Grants: []policy.Grant{{Pattern: dir, Grants: granted}}}), open(new(policy.Policy))
			call := func(m *load.Module, symbol string, args ...any) (any, error) {
				results, err := m.Call(t.Context(), symbol, args...)
				if len(results) == 0 {
					return nil, err
				}
				return results[0], err
			}
			target := filepath.Join(shared, engine)
			for _, test := range []struct {
				symbol string
				args   []any
				want   any
			}{
				{"Read", []any{filepath.Join(files, "a")}, "here"},
				{"Env", []any{"GREETING"}, "hi"},
				{"Write", []any{target, "there"}, nil},
				{"Read", []any{target}, "there"},
				{"Dial", []any{listener.Addr().String()}, nil},
			} {
				if test.symbol == "Dial" && !granted.Network {
					continue
				}
				got, err := call(with, test.symbol, test.args...)
				assert.NoError(t, err, "with it: "+test.symbol)
				assert.Equal(t, test.want, got, "with it: "+test.symbol)
				got, err = call(without, test.symbol, test.args...)
				assert.Falsef(t, err == nil && got != "", "without it: %s: %v, %v", test.symbol, got, err)
			}
			for symbol, args := range map[string][]any{"Read": {secret}, "Write": {filepath.Join(files, "a"), "x"}} {
				_, err := call(with, symbol, args...)
				assert.Error(t, err)
			}
			n, err := call(with, "Fill", 8)
			require.NoError(t, err, "a little memory")
			assert.Equal(t, 8<<20, n)
			var limit *load.LimitError
			_, err = call(with, "Wait")
			require.ErrorAs(t, err, &limit)
			assert.Contains(t, limit.Error(), ": Wait took more than 3s")
			// What load itself compiles, runs and believes no module may write.
			written := filepath.Join(t.TempDir(), "load.policy")
			require.NoError(t, os.WriteFile(written, []byte("load.policy 1\n"), 0o600))
			read, err := policy.Read(written)
			require.NoError(t, err)
			locked := t.TempDir()
			cache, err := exec.Command("go", "env", "GOCACHE", "GOROOT").Output()
			require.NoError(t, err)
			own := strings.Fields(string(cache))
			for _, place := range []string{s.Dir(), filepath.Dir(s.Dir()), s.EmptyDir(), locked, filepath.Dir(written), own[0], filepath.Dir(own[0]), own[1], filepath.Join(own[1], "src", "fmt")} {
				p := &policy.Policy{Grants: []policy.Grant{{Pattern: dir, Grants: policy.Grants{ReadWrite: []string{place}}}}}
				l, err := standard.New(load.Config{Store: s, Engine: engine, LockFile: filepath.Join(locked, "load.lock"), Policies: []*policy.Policy{p, read}})
				require.NoError(t, err)
				_, err = l.Load(t.Context(), dir)
				require.ErrorContains(t, err, "grant "+place+": ", place)
				require.ErrorContains(t, err, "load compiles, runs or believes what is there; let the module write elsewhere", place)
				require.NoError(t, l.Close(t.Context()))
			}
			again := open(&policy.Policy{Grants: []policy.Grant{{Pattern: dir, Grants: policy.Grants{Memory: 256 << 20}}}})
			_, err = call(again, "Fill", 600)
			assert.Error(t, err)
		})
	}
}
