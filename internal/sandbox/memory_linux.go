package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What a program uses is looked at this often: soonest while it grows, and half as often each time
// that it did not, down to latest. One that may start others is looked at soon, too, when the whole
// machine has more tasks than before. Between two looks RLIMIT_DATA bounds what it can write to, and
// the number of mappings (vm.max_map_count, 8 KiB of page tables each) what the kernel can need for
// that.
const (
	soonest = 5 * time.Millisecond
	latest  = 250 * time.Millisecond
	// growing is how much more than before counts as growing.
	growing = 256 << 10
)

// keepWithin kills a program once its processes use more memory than they may or, where no
// supervisor keeps their number, are too many.
func (p *Process) keepWithin(m meter, number bool) {
	defer m.close()
	l, programs := m.limits, m.programs
	interval, before := soonest, usage{}
	timer := time.NewTimer(interval)
	defer timer.Stop()
	var next time.Time // look
	machine := machineTasks()
	for {
		select {
		case <-p.ended:
			return
		case <-timer.C:
		}
		if programs && number && time.Now().Before(next) && machine.grown() < crowding {
			timer.Reset(soonest)
			continue
		}
		machine = machineTasks()
		used := m.used()
		if number && l.tooMany(used) {
			p.crowd.Store(&Crowd{used.processes, used.tasks})
			p.Kill()
			return
		}
		if l.Memory > 0 && used.memory > l.Memory && programs {
			used.memory = m.shared() // each process for itself counts what it shares with others
		}
		if l.Memory > 0 && used.memory > 0 { // a program that has just ended uses nothing any more
			p.used.Store(used.memory)
		}
		if l.Memory > 0 && used.memory > l.Memory {
			p.excess.Store(used.memory)
			p.Kill()
			return
		}
		interval = min(2*interval, latest)
		if used.memory > before.memory+growing || used.tasks > before.tasks {
			interval = soonest
		}
		before = used
		next = time.Now().Add(interval)
		if timer.Reset(interval); programs && number {
			timer.Reset(soonest)
		}
	}
}

// crowding is how many tasks more the machine has when a program that may start others is looked at
// before its time: that costs a system call of a microsecond, and a look a file of each process.
const crowding = 64

// taskCount is how many tasks the machine had at a moment, the least since; it wraps around.
type taskCount uint16

func machineTasks() taskCount {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return taskCount(info.Procs)
}

// grown returns how many tasks more there are now.
func (t *taskCount) grown() int16 {
	now := machineTasks()
	grown := int16(now - *t)
	if grown < 0 {
		*t = now
	}
	return grown
}

// Used returns how much memory, in bytes, the program used when it was last looked at; 0 where it
// has no limit.
func (p *Process) Used() int64 { return p.used.Load() }

// Excess returns how much memory, in bytes, the program used when it was killed for using more than
// its limit; 0 where it was not.
func (p *Process) Excess() int64 { return p.excess.Load() }

// usage is what a program uses at a moment. Its tasks are the threads of its processes.
type usage struct {
	memory           int64
	processes, tasks int
}

func (u usage) add(other usage) usage {
	return usage{u.memory + other.memory, u.processes + other.processes, u.tasks + other.tasks}
}

// tooMany reports whether a program has more processes or threads than it may.
func (l Limits) tooMany(u usage) bool {
	return u.processes > l.most() || l.Processes > 0 && u.tasks > l.most()
}

// most is how many processes a program may have or, where that is set, how many tasks.
func (l Limits) most() int {
	if l.Processes > 0 {
		return l.Processes + ownTasks + runtime.NumCPU()
	}
	return MostProcesses
}

// ownTasks are threads that the runtime of a program may need beside one for each processor.
const ownTasks = 16

// Crowd returns how many processes and threads the program had when it was killed for having more
// than it may; nil where it was not.
func (p *Process) Crowd() *Crowd { return p.crowd.Load() }

// meter measures a program: one process, or a process group.
type meter struct {
	group    int
	programs bool
	limits   Limits
	most     int      // see Limits.most
	status   *os.File // of the one process; what it reads is always that process's
	buf      []byte
}

func (m *meter) close() {
	if m.status != nil {
		m.status.Close()
	}
}

// used returns what the program uses. Where processes share memory it counts more than once. Of too
// many processes only their number is told, and so it is where nothing else is limited.
func (m *meter) used() usage {
	if m.programs {
		members := m.members()
		if len(members) > m.most || m.limits.Memory <= 0 && m.limits.Processes <= 0 {
			return usage{processes: len(members), tasks: len(members)}
		}
		total := usage{}
		for _, pid := range members {
			total = total.add(usedBy(pid))
		}
		return total
	}
	if m.status == nil {
		m.status, _ = os.Open(processFile(m.group, "status"))
		m.buf = make([]byte, 8<<10)
	}
	n, _ := m.status.ReadAt(m.buf, 0)
	if used, ok := counted(m.buf[:n]); ok {
		return used
	}
	return usedBy(m.group)
}

// usedBy returns what a process uses: what its first thread tells or, where that one has ended,
// another.
func usedBy(pid int) usage {
	status, _ := os.ReadFile(processFile(pid, "status"))
	if used, ok := counted(status); ok {
		return used
	}
	tasks, _ := os.ReadDir(processFile(pid, "task"))
	for _, task := range tasks {
		status, _ := os.ReadFile(processFile(pid, "task", task.Name(), "status"))
		if used, ok := counted(status); ok {
			return used
		}
	}
	return usage{processes: 1, tasks: max(1, len(tasks))}
}

func processFile(pid int, parts ...string) string {
	return filepath.Join(slices.Concat([]string{"/proc", strconv.Itoa(pid)}, parts)...)
}

// countedFields are what counts of /proc/<pid>/status, in KiB. Pages of files do not: they are the
// system's cache, which it takes back.
var countedFields = []string{"RssAnon", "RssShmem", "VmPTE", "VmSwap", "HugetlbPages"}

// kernelThread is what the kernel needs for a thread: a stack of 16 KiB, and nearly as much for
// what it knows of it.
const kernelThread = 32 << 10

// counted adds up a status file, and reports whether it tells about memory: that of a thread that
// has ended does not.
func counted(status []byte) (used usage, ok bool) {
	used.processes = 1
	for line := range bytes.Lines(status) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch {
		case string(name) == "Threads":
			used.tasks = int(number(line))
			used.memory += number(line) * kernelThread
		case slices.Contains(countedFields, string(name)):
			used.memory += number(line) << 10
			ok = true
		}
	}
	return used, ok
}

// members returns the processes of the group. None can leave it.
func (m *meter) members() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if group, err := unix.Getpgid(pid); err == nil && group == m.group {
			pids = append(pids, pid)
		}
	}
	return pids
}

// shared returns what the group uses, each page once: a process between its fork and its exec is
// the same memory as its parent, and one that only forked shares what neither has changed.
func (m *meter) shared() int64 {
	total := int64(0)
	var counted []int
	for _, pid := range m.members() {
		same := func(other int) bool {
			const memory = 1 // KCMP_VM
			order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(other), memory, 0, 0, 0)
			return errno == 0 && order == 0
		}
		if slices.ContainsFunc(counted, same) {
			continue
		}
		counted = append(counted, pid)
		total += proportional(pid)
	}
	return total
}

// proportional is usedBy with each page divided by the number of processes that have it, where the
// system tells. What a process has comes from one reading: between two of them it may fork, start
// another program or end.
func proportional(pid int) int64 {
	rollup, err := os.ReadFile(processFile(pid, "smaps_rollup"))
	if err != nil { // it ended, or its first thread did, or the system has no such file
		return usedBy(pid).memory
	}
	status, _ := os.ReadFile(processFile(pid, "status"))
	rest, _ := counted(status)
	return rest.memory - sum(status, "RssAnon", "RssShmem", "VmSwap") + sum(rollup, "Pss_Anon", "Pss_Shmem", "SwapPss")
}

// sum adds up lines "Name:   12 kB" of a file of /proc, in bytes.
func sum(text []byte, names ...string) (total int64) {
	for line := range bytes.Lines(text) {
		if name, _, _ := bytes.Cut(line, []byte(":")); slices.Contains(names, string(name)) {
			total += number(line) << 10
		}
	}
	return total
}

// number returns the number of a line "Name:   12 kB" or "Name:  12".
func number(line []byte) int64 {
	_, value, _ := bytes.Cut(line, []byte(":"))
	n, _ := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 64)
	return n
}

// canMeasure returns why what a program uses cannot be measured, or nil. A program that starts others
// makes processes that nobody may look into, by running what it may not read; where /proc hides
// processes (hidepid), these are neither found nor measured without a capability.
func canMeasure(programs bool) error {
	if _, err := os.Stat(processFile(os.Getpid(), "status")); err != nil {
		return fmt.Errorf("%w; mount /proc", err)
	}
	now, err := capabilities()
	if !programs || err == nil && now[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0 {
		return nil
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	hides := false
	for line := range strings.Lines(string(mounts)) {
		mount, system, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(mount); len(fields) > 4 && fields[4] == "/proc" { // the last one is on top
			hides = strings.Contains(system, ",hidepid=")
		}
	}
	if hides {
		return errors.New("/proc hides processes; mount it without hidepid, or give the host CAP_SYS_PTRACE")
	}
	return nil
}

// filesInMemory returns a granted place whose files are memory, or "". What a program writes there
// is not part of any process.
func filesInMemory(p *Policy) string {
	if len(p.ReadWrite) == 0 {
		return ""
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for _, path := range p.ReadWrite {
		var system unix.Statfs_t
		if unix.Statfs(path, &system) == nil && slices.Contains([]int64{unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.HUGETLBFS_MAGIC}, int64(system.Type)) {
			return path
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		for line := range strings.Lines(string(mounts)) {
			mount, system, _ := strings.Cut(line, " - ")
			fields := strings.Fields(mount)
			kind, _, _ := strings.Cut(system, " ")
			if len(fields) > 4 && strings.HasPrefix(fields[4], path+"/") && slices.Contains([]string{"tmpfs", "ramfs", "hugetlbfs"}, kind) {
				return fields[4]
			}
		}
	}
	return ""
}
