package sandbox

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// What a program uses is looked at this often: soonest while it grows, and half as often each time
// that it did not, down to latest. One that may start others is looked at soon, too, when the whole
// machine has more tasks than before. Between two looks RLIMIT_DATA bounds what it can write to,
// and the number of mappings (vm.max_map_count, 8 KiB of page tables each) what the kernel can need
// for that.
const (
	soonest = 5 * time.Millisecond
	latest  = 250 * time.Millisecond
	// growing is how much more than before counts as growing.
	growing = 256 << 10
	// blind is how long a program goes on when nothing can be measured: the host may have no
	// descriptors left.
	blind = time.Second
)

// keepWithin kills a program once its processes use more memory than they may or, where no
// supervisor keeps their number, are too many; and one that cannot be measured.
func (p *Process) keepWithin(m meter, number bool) {
	defer m.close()
	l, programs := m.limits, m.programs
	interval, before := soonest, usage{}
	seen := time.Now()
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
		used, err := m.used()
		if l.Memory > 0 && used.memory > l.Memory && programs {
			used.memory, err = m.shared() // each process for itself counts what it shares with others
		}
		if err != nil {
			if time.Since(seen) > blind {
				p.unmeasured.Store(&err)
				p.Kill()
				return
			}
			next = time.Time{}
			timer.Reset(soonest)
			continue
		}
		seen = time.Now()
		if number && l.tooMany(used) {
			p.crowd.Store(&Crowd{used.processes, used.tasks})
			p.Kill()
			return
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

// Unmeasured returns why what the program uses could not be measured, when it was killed for that;
// nil where it was not.
func (p *Process) Unmeasured() error {
	if err := p.unmeasured.Load(); err != nil {
		return *err
	}
	return nil
}

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

// open opens what tells about the one process, which then needs no descriptors any more.
func (m *meter) open() (err error) {
	m.buf = make([]byte, 8<<10)
	if m.status, err = os.Open(processFile(m.group, "status")); over(err) {
		return nil
	}
	return err
}

// over reports whether an error says that a process has ended.
func over(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) }

func (m *meter) close() {
	if m.status != nil {
		m.status.Close()
	}
}

// used returns what the program uses. Where processes share memory it counts more than once. Of too
// many processes only their number is told, and so it is where nothing else is limited. What has
// ended uses nothing; an error says that some of it cannot be measured.
func (m *meter) used() (usage, error) {
	if !m.programs {
		if n, _ := m.status.ReadAt(m.buf, 0); n > 0 {
			if used, ok := counted(m.buf[:n]); ok {
				return used, nil
			}
		}
		return usedBy(m.group)
	}
	members, err := m.members()
	if err != nil {
		return usage{}, err
	}
	if len(members) > m.most || m.limits.Memory <= 0 && m.limits.Processes <= 0 {
		return usage{processes: len(members), tasks: len(members)}, nil
	}
	total := usage{}
	for _, pid := range members {
		used, err := usedBy(pid)
		if err != nil {
			return usage{}, err
		}
		total = total.add(used)
	}
	return total, nil
}

// usedBy returns what a process uses: what its first thread tells or, where that one has ended,
// another.
func usedBy(pid int) (usage, error) {
	used, ok, err := countedIn(processFile(pid, "status"))
	if ok || err != nil {
		return used, err
	}
	tasks, err := os.ReadDir(processFile(pid, "task"))
	if err != nil && !over(err) {
		return usage{}, err
	}
	for _, task := range tasks {
		used, ok, err := countedIn(processFile(pid, "task", task.Name(), "status"))
		if ok || err != nil {
			return used, err
		}
	}
	return usage{processes: 1, tasks: max(1, len(tasks))}, nil
}

// countedIn is counted for a file, which is gone when what it tells about has ended.
func countedIn(file string) (used usage, ok bool, err error) {
	status, err := os.ReadFile(file)
	if err != nil && !over(err) {
		return usage{}, false, err
	}
	used, ok = counted(status)
	return used, ok, nil
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
func (m *meter) members() (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if group, err := unix.Getpgid(pid); err == nil && group == m.group {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// shared returns what the group uses, each page once: a process between its fork and its exec is
// the same memory as its parent, and one that only forked shares what neither has changed.
func (m *meter) shared() (total int64, err error) {
	members, err := m.members()
	var counted []int
	for _, pid := range members {
		same := func(other int) bool {
			const memory = 1 // KCMP_VM
			order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(other), memory, 0, 0, 0)
			return errno == 0 && order == 0
		}
		if slices.ContainsFunc(counted, same) {
			continue
		}
		counted = append(counted, pid)
		used, err := proportional(pid)
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, err
}

// proportional is usedBy with each page divided by the number of processes that have it, where the
// system tells. What a process has comes from one reading: between two of them it may fork, start
// another program or end.
func proportional(pid int) (int64, error) {
	rollup, err := os.ReadFile(processFile(pid, "smaps_rollup"))
	var status []byte
	if err == nil {
		status, err = os.ReadFile(processFile(pid, "status"))
	}
	if err != nil { // it ended, or its first thread did, or the system has no such file
		used, err := usedBy(pid)
		return used.memory, err
	}
	rest, _ := counted(status)
	return rest.memory - sum(status, "RssAnon", "RssShmem", "VmSwap") + sum(rollup, "Pss_Anon", "Pss_Shmem", "SwapPss"), nil
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
