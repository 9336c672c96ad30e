package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scratch holds what the tests build, for every user, and is removed after them.
var scratch = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sandbox-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	return dir, err
})

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == hostArgument {
		host(os.Args[2], os.Args[3], os.Args[4:]...)
		return
	}
	if len(os.Args) > 3 && os.Args[1] == trialArgument {
		trial(os.Args[2], os.Args[3])
		return
	}
	if len(os.Args) > 4 && os.Args[1] == situationArgument {
		situated(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	// A descriptor that anyone who started this process left open for its children.
	if _, err := unix.FcntlInt(0, unix.F_DUPFD, 10); err != nil {
		panic(err)
	}
	code := m.Run()
	if dir, err := scratch(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// builtProbe builds testdata/probe once.
var builtProbe = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "probe")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", exe, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the probe: %w\n%s", err, out)
	}
	return exe, nil
})

// probe opens the probe.
func probe(t testing.TB) *os.File {
	t.Helper()
	path, err := builtProbe()
	require.NoError(t, err)
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// outcome is what a probe reported.
type outcome struct {
	results   map[string]string
	state     State
	isolation engine.Isolation
	text      string
}

// attempt starts the probe with a list of attempts, and waits for it.
func attempt(t testing.TB, p Policy, attempts ...string) outcome {
	t.Helper()
	return attemptIn(t, detect(), Command{}, p, attempts...)
}

// degraded are systems that lack something, by what they lack.
func degraded() map[string]features {
	off := errors.New("the test has switched it off")
	full, noCloseRange, noLandlock, noScope, noSeccomp := detect(), detect(), detect(), detect(), detect()
	noCloseRange.closeRange, noCloseRange.supervisor = off, off
	noLandlock.landlock, noLandlock.noLandlock = 0, off
	noScope.landlock = min(noScope.landlock, 1)
	noSeccomp.seccomp, noSeccomp.supervisor = off, off
	return map[string]features{
		"as it is": full, "no close_range": noCloseRange, "no Landlock": noLandlock, "first Landlock": noScope, "no seccomp": noSeccomp,
	}
}

// everywhere runs a test on the system as it is and on each degraded one.
func everywhere(t *testing.T, test func(t *testing.T, f features)) {
	for name, f := range degraded() {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, f) })
	}
}

// attemptIn is attempt on a system with these features, and with a command whose arguments and
// output it sets, and the program if there is none.
func attemptIn(t testing.TB, f features, cmd Command, p Policy, attempts ...string) outcome {
	t.Helper()
	out, in, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	if cmd.Exe == nil {
		cmd.Exe = probe(t)
	}
	cmd.Args = append([]string{"probe"}, attempts...)
	cmd.Files = append([]*os.File{nil, in, in}, cmd.Files...)
	process, err := start(f, cmd, &p)
	in.Close()
	require.NoError(t, err)
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	o := outcome{results: map[string]string{}, state: process.Wait(), isolation: process.Isolation(), text: string(text)}
	for line := range strings.Lines(o.text) {
		if argument, result, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); ok {
			o.results[argument] = result
		}
	}
	return o
}

// lacks reports whether a measure is not in force here, and logs its reason.
func (o outcome) lacks(t testing.TB, measure string) bool {
	t.Helper()
	for _, m := range o.isolation.Measures {
		if m.Name == measure {
			if !m.InForce && m.Why != "" {
				t.Logf("not tested: %s: %s", m.Name, m.Why)
			}
			return !m.InForce
		}
	}
	t.Fatalf("there is no measure %q", measure)
	return false
}

// want checks one result: its end, because a path or a call may stand before the system's words.
func (o outcome) want(t testing.TB, argument, result string) {
	t.Helper()
	got := o.results[argument]
	assert.Truef(t, strings.HasSuffix(got, result), "%s: got %q, want %q; %s, output:\n%s", argument, got, result, o.state, o.text)
}

func (o outcome) wantAll(t testing.TB, result string, arguments ...string) {
	t.Helper()
	for _, argument := range arguments {
		o.want(t, argument, result)
	}
}

// of makes an attempt of each name with one operand.
func of(operand string, names ...string) (attempts []string) {
	for _, name := range names {
		attempts = append(attempts, name+"="+operand)
	}
	return attempts
}

// supervised reports whether the number of the program's processes is kept by a supervisor.
func (p *Process) supervised() bool {
	return slices.ContainsFunc(p.isolation.Measures, func(m engine.Measure) bool { return strings.Contains(m.How, "supervised") })
}
