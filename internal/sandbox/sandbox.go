// Package sandbox starts a program inside what the operating system offers to keep it apart from
// its host: its files, its network, its processes and its kernel.
//
// On Linux the program's process takes the restrictions on (no new privileges, no capabilities, a
// Landlock domain, a seccomp filter) between fork and exec; no thread of the host ever has them. A
// thread of the host lives as long as the program, which ends with it. Elsewhere the program starts
// unrestricted. In either case [Process.Isolation] tells what is in force, measure by measure.
//
// What stays visible to the program on Linux: the time zones of the system; that a file exists, its
// size, owner and times; the kernel's name and load; the numbers of the host's user and group.
package sandbox

import (
	"os"
	"strconv"

	"github.com/loadgo/load/engine"
)

// Policy says what a program is given. The zero Policy gives it nothing.
type Policy struct {
	// ReadOnly and ReadWrite are the files and directories, as absolute paths, that the program may
	// read, or read and change. They must exist; neither "/" nor anything that is, or holds, a
	// mount of procfs, sysfs, devtmpfs, a cgroup file system or the like can be granted. What is
	// mounted there later stays invisible, if the host has CAP_SYS_ADMIN. What the program may
	// write it may create, change, rename and remove; modes, owners, times and attributes stay, and
	// no links, devices, pipes or special bits of a mode (set-uid, set-gid, sticky) are made. It
	// locks files only where all that is granted is ReadWrite.
	ReadOnly, ReadWrite []string
	// Network gives IPv4 and IPv6 sockets, and the files that resolving names and verifying
	// certificates read.
	Network bool
	// Programs lets the program start processes, run what lies in granted directories, and open the
	// null device and its like. What it starts inherits the restrictions and cannot be signalled
	// but by the host.
	Programs bool
	// Limits bound what the program uses.
	Limits Limits
}

// grantsFiles reports whether files or directories are granted.
func (p *Policy) grantsFiles() bool { return len(p.ReadOnly)+len(p.ReadWrite) > 0 }

// Limits bound the resources of a program; a zero field sets no limit.
type Limits struct {
	// Memory is how much memory, in bytes, all processes of the program use: resident and swapped
	// memory that is not a file's, page tables and the stacks of the kernel. It is measured every 5
	// to 250 ms, and who uses more is killed; see [Process.Excess]. In between, a process cannot
	// write to more than Memory and 128 MiB (RLIMIT_DATA). Not counted is what the kernel keeps
	// behind open files (64 KiB for a pipe), of which each process has 1,024 unless OpenFiles says
	// otherwise, and the buffers of network sockets.
	Memory int64
	// Processes is how many tasks, threads included, may be made beyond those that the machine has
	// at the start (RLIMIT_NPROC, which counts the tasks of the user and does not bind root).
	// Besides, those of the program are counted as its memory is measured, and more, beyond what
	// its runtime needs, end it; see [Process.Crowd]. Without a limit, a program that starts others
	// has MostProcesses at most.
	Processes int
	// FileSize is the size, in bytes, to which the program can make a file grow (RLIMIT_FSIZE), the
	// room included that the disk keeps for it.
	FileSize int64
	// OpenFiles is the number of files that a process can have open at once (RLIMIT_NOFILE).
	OpenFiles int
}

// MostProcesses is how many processes a program has that may start others, where nothing else is
// said. They are counted every 5 to 250 ms.
const MostProcesses = 1024

// Crowd is how many processes and threads a program had. Where there are very many processes, their
// threads are not counted.
type Crowd struct{ Processes, Threads int }

// Command is the program to start.
type Command struct {
	// Exe is the program: a static executable, open for reading. On Linux the very file that is
	// open runs, whatever its name leads to by then. The caller keeps it and may close it after
	// Start.
	Exe *os.File
	// Args holds the arguments, beginning with the name that the program sees as its own.
	Args []string
	// Env is the whole environment; nil is an empty one.
	Env []string
	// Dir is the working directory; "" is the host's.
	Dir string
	// Files become the program's descriptors 0, 1, 2, 3 and so on; it gets no other. A nil file, or
	// a missing one of the first three, is the null device. The caller keeps them.
	Files []*os.File
	// Ready, where it is not nil, is called when everything is prepared. The program starts only
	// after it returned nil; its error is that of Start.
	Ready func() error
}

// State says how a program ended.
type State struct {
	// Code is the exit code, or -1 where a signal ended the program or the system does not tell.
	Code int
	// Signal names the signal that ended the program, or is "".
	Signal string
}

// String returns "exit status 2" or "signal: killed".
func (s State) String() string {
	if s.Signal != "" {
		return "signal: " + s.Signal
	}
	if s.Code < 0 {
		return "exit status unknown"
	}
	return "exit status " + strconv.Itoa(s.Code)
}

// Missing returns the measures that are neither in force nor granted.
func Missing(i engine.Isolation) []engine.Measure {
	var missing []engine.Measure
	for _, m := range i.Measures {
		if !m.InForce && !m.Granted {
			missing = append(missing, m)
		}
	}
	return missing
}

// Require returns an [*engine.IsolationError] if a measure is missing.
func Require(i engine.Isolation) error {
	if missing := Missing(i); len(missing) > 0 {
		return &engine.IsolationError{Missing: missing}
	}
	return nil
}

// Unavailable tells that nothing is in force, because no program starts under the policy.
func Unavailable(p Policy, why error) engine.Isolation {
	i := Probe(p)
	for n := range i.Measures {
		m := &i.Measures[n]
		m.InForce, m.How, m.Why = false, "", why.Error()
	}
	return isolation(i.Measures)
}

// isolation sums the measures up.
func isolation(measures []engine.Measure) engine.Isolation {
	i := engine.Isolation{Level: "none", Measures: measures}
	for _, m := range measures {
		if m.InForce {
			i.Level = "partial"
		}
	}
	if i.Level == "partial" && len(Missing(i)) == 0 {
		i.Level = "full"
	}
	return i
}
