package sandbox

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestMeterWithoutDescriptors: a host that has no descriptor left counts no fewer processes than before.
func TestMeterWithoutDescriptors(t *testing.T) {
	m := meter{group: unix.Getpgrp(), programs: true, most: MostProcesses}
	require.NotZero(t, m.used().processes)
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: before.Max}))
	s := &supervisor{meter: m, last: usage{processes: MostProcesses, tasks: MostProcesses}}
	var crowd *Crowd
	for range 10 * MostProcesses {
		if crowd = s.tooMany(); crowd != nil {
			break
		}
	}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	require.NotNil(t, crowd, "ten times as many processes as it may have were let through")
}
