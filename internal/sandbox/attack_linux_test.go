package sandbox

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// withoutDescriptors calls f in a host that has no descriptor left.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: before.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) }()
	f()
}

// TestMeterWithoutDescriptors: a host that has no descriptor left counts no fewer processes than
// before.
func TestMeterWithoutDescriptors(t *testing.T) {
	m := meter{group: unix.Getpgrp(), programs: true, most: MostProcesses}
	used, err := m.used()
	require.NoError(t, err)
	require.NotZero(t, used.processes)
	s := &supervisor{meter: m, last: usage{processes: MostProcesses, tasks: MostProcesses}}
	var crowd *Crowd
	withoutDescriptors(t, func() {
		for range 10 * MostProcesses {
			if crowd = s.tooMany(); crowd != nil {
				break
			}
		}
	})
	require.NotNil(t, crowd, "ten times as many processes as it may have were let through")
}

// TestMemoryWithoutDescriptors: a host that has no descriptor left measures a program of one
// process all the same, and does not let others go on that it cannot measure.
func TestMemoryWithoutDescriptors(t *testing.T) {
	programs := Policy{Programs: true, ReadOnly: []string{probeDir(t)}}
	for name, c := range map[string]struct {
		policy   Policy
		attempts []string
		measured bool
	}{
		"one process":       {Policy{}, []string{"pause=300", "writable=100", "pause=60000"}, true},
		"several processes": {programs, []string{"pause=60000"}, false},
		"that fork":         {programs, []string{"fork", "pause=60000"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.policy.Limits.Memory = 64 * mebi
			process, err := Start(Command{Exe: probe(t), Args: append([]string{"probe"}, c.attempts...), Files: []*os.File{nil, nil, nil}}, c.policy)
			require.NoError(t, err)
			if !inForce(process, "memory") {
				process.Kill()
				t.Skipf("not in force: %v", Missing(process.Isolation()))
			}
			withoutDescriptors(t, func() {
				assert.Equal(t, "killed", process.Wait().Signal)
			})
			if c.measured {
				assert.Greater(t, process.Excess(), int64(64*mebi))
				assert.NoError(t, process.Unmeasured())
				return
			}
			assert.ErrorIs(t, process.Unmeasured(), unix.EMFILE)
		})
	}
}

// TestStartWithoutDescriptors: a program that could not be measured is not started.
func TestStartWithoutDescriptors(t *testing.T) {
	m := meter{group: unix.Getpid()}
	withoutDescriptors(t, func() {
		assert.ErrorIs(t, m.open(), unix.EMFILE)
	})
}
