//go:build amd64 || arm64

package sandbox

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const mebi = 1 << 20

// greedy runs one attempt under a limit of 64 MiB, and returns the output, and how much the program
// used when it was killed for it.
func greedy(t *testing.T, p Policy, attempt string) (text string, excess int64) {
	t.Helper()
	out, in, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	p.Limits.Memory = 64 * mebi
	process, err := Start(Command{Exe: probe(t), Args: []string{"probe", attempt}, Files: []*os.File{nil, in, in}}, p)
	in.Close()
	require.NoError(t, err)
	if !inForce(process, "memory") {
		process.Kill()
		t.Skipf("not in force: %v", Missing(process.Isolation()))
	}
	data, err := io.ReadAll(out)
	require.NoError(t, err)
	process.Wait()
	return string(data), process.Excess()
}

func inForce(p *Process, measure string) bool {
	for _, m := range p.Isolation().Measures {
		if m.Name == measure {
			return m.InForce
		}
	}
	return false
}

// TestMemoryRefused: what is not counted by the kernel's own limit is unavailable.
func TestMemoryRefused(t *testing.T) {
	t.Parallel()
	for _, attempt := range []string{"readonly=400", "noaccess=400", "code=400", "key=400", "remap"} {
		t.Run(attempt, func(t *testing.T) {
			t.Parallel()
			text, excess := greedy(t, Policy{}, attempt)
			assert.Contains(t, text, refusedBy)
			assert.Zero(t, excess)
		})
	}
}

// TestMemoryMeasured: what is counted ends the program.
func TestMemoryMeasured(t *testing.T) {
	t.Parallel()
	programs := Policy{Programs: true, ReadOnly: []string{probeDir(t)}}
	for _, c := range []struct {
		attempt string
		policy  Policy
	}{
		{"writable=100", Policy{}},
		{"tables=200", Policy{}},
		{"leader=100", Policy{}},
		{"writable=100", programs},
		{"readonly=400", programs},
		{"leader=100", programs},
		{"children=4,30", programs},
	} {
		t.Run(c.attempt, func(t *testing.T) {
			t.Parallel()
			text, excess := greedy(t, c.policy, c.attempt)
			assert.Greater(t, excess, int64(64*mebi), text)
			assert.Less(t, excess, int64(1024*mebi))
		})
	}
}

// TestMemoryWithinLimit: processes that share memory count it once, and what a program may use it
// has.
func TestMemoryWithinLimit(t *testing.T) {
	t.Parallel()
	o := attempt(t, Policy{Limits: Limits{Memory: 64 * mebi}}, "memory=41943040", "pause=600")
	o.wantAll(t, permitted, "memory=41943040", "pause=600")
	dir := probeDir(t)
	o = attempt(t, Policy{Programs: true, ReadOnly: []string{dir}, Limits: Limits{Memory: 64 * mebi}},
		"memory=41943040", "fork", "command="+dir+"/probe", "exec="+dir+"/probe", "pause=300")
	o.wantAll(t, permitted, "memory=41943040", "command="+dir+"/probe", "pause=300")
}

// TestMemoryOfForks: a process that ends, or starts another program, while it is measured does not
// count as a second copy of what it had.
func TestMemoryOfForks(t *testing.T) {
	t.Parallel()
	dir := probeDir(t)
	attempts := append([]string{"memory=41943040"}, slices.Repeat([]string{"fork"}, 300)...)
	attempts = append(attempts, slices.Repeat([]string{"command=" + dir + "/probe"}, 20)...)
	o := attempt(t, Policy{Programs: true, ReadOnly: []string{dir}, Limits: Limits{Memory: 64 * mebi}}, append(attempts, "pause=1")...)
	o.want(t, "pause=1", permitted)
}

// TestZeroDevice: mapped for writing it would be memory that nobody counts.
func TestZeroDevice(t *testing.T) {
	t.Parallel()
	o := attempt(t, Policy{Programs: true, Limits: Limits{Memory: 64 * mebi}}, "zero=200", "read=/dev/null", "zeroread=1")
	if !o.lacks(t, "programs") {
		o.want(t, "zero=200", forbidden)
	}
	o.wantAll(t, permitted, "read=/dev/null", "zeroread=1")
}

func probeDir(t testing.TB) string {
	t.Helper()
	path, err := builtProbe()
	require.NoError(t, err)
	return filepath.Dir(path)
}

// TestMemoryTold: the measure is not said to be in force where something is not counted.
func TestMemoryTold(t *testing.T) {
	t.Parallel()
	limited := func(p Policy) *Policy { p.Limits.Memory = 64 * mebi; return &p }
	everywhere(t, func(t *testing.T, f features) {
		whole := f.seccomp == nil
		assert.Equal(t, whole, f.memory(limited(Policy{})).InForce)
		assert.Equal(t, whole && f.landlock > 0, f.memory(limited(Policy{Programs: true})).InForce)
		shared := "/dev/shm"
		if _, err := os.Stat(shared); err == nil {
			m := f.memory(limited(Policy{ReadWrite: []string{shared}}))
			assert.False(t, m.InForce)
			assert.NotEmpty(t, m.Why)
		}
		m := f.memory(limited(Policy{ReadWrite: []string{"/dev"}}))
		assert.False(t, m.InForce, "a tmpfs lies below")
	})
}

// TestOneTable: the limit of open files is that of a table of descriptors, and a program has one.
func TestOneTable(t *testing.T) {
	t.Parallel()
	for _, p := range []Policy{{Limits: Limits{Memory: 64 * mebi}}, {Limits: Limits{OpenFiles: 100}}, {Programs: true}} {
		o := attempt(t, p, "table=2", "table=6", "apart", "threaded", "table=0", "table=4")
		if o.lacks(t, "kernel") {
			return
		}
		o.wantAll(t, refusedBy, "table=2", "table=6", "apart")
		o.want(t, "threaded", "invalid argument")
		o.wantAll(t, permitted, "table=0", "table=4")
	}
	o := attempt(t, Policy{Limits: Limits{Memory: 64 * mebi}}, "tabled=20")
	o.want(t, "tabled=20", permitted)
}

// TestLockedFiles: files that a program maps count as the system's cache, which it has to be able
// to take back.
func TestLockedFiles(t *testing.T) {
	t.Parallel()
	limits, err := Limits{Memory: 64 * mebi}.rlimits()
	require.NoError(t, err)
	at := slices.IndexFunc(limits, func(l rlimit) bool { return l.resource == unix.RLIMIT_MEMLOCK })
	require.GreaterOrEqual(t, at, 0)
	assert.LessOrEqual(t, limits[at].value.Max, uint64(locked))
	dir := t.TempDir()
	for name, size := range map[string]int64{"small": 16 << 10, "large": 64 * mebi} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
		require.NoError(t, os.Truncate(filepath.Join(dir, name), size))
	}
	o := attempt(t, Policy{ReadOnly: []string{dir}, Limits: Limits{Memory: 64 * mebi}}, "mlock="+dir+"/small", "mlock="+dir+"/large")
	o.want(t, "mlock="+dir+"/small", permitted)
	assert.NotContains(t, o.results["mlock="+dir+"/large"], permitted)
}

func TestCounted(t *testing.T) {
	t.Parallel()
	const status = "Name:\tRssAnon\nVmRSS:\t 9000 kB\nRssAnon:\t 100 kB\nRssFile:\t 5000 kB\nRssShmem:\t 20 kB\nVmPTE:\t 8 kB\nVmSwap:\t 4 kB\nHugetlbPages:\t 2048 kB\nThreads:\t10\n"
	used, ok := counted([]byte(status))
	assert.True(t, ok)
	assert.Equal(t, usage{memory: (100+20+8+4+2048)<<10 + 10*kernelThread, processes: 1, tasks: 10}, used)
	_, ok = counted([]byte("Name:\tx\nState:\tZ (zombie)\nThreads:\t3\n"))
	assert.False(t, ok, "a thread that has ended tells nothing")
}
