package sandbox

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// child is a process between fork and exec, where it takes the restrictions on. Before its fork no
// thread has them, and so none of the host ever does: the kernel would count it as one of the
// program's own, and open what /proc has of the host to the program.
//
// In the child only [child.run] and what it calls runs. Everything that it needs is made before,
// because it may neither allocate, grow its stack, store pointers nor call anything that may: it
// borrows the memory of the host, whose other threads go on.
type child struct {
	host     uintptr // the process id of the host
	files    []int   // what becomes descriptors 0, 1, 2 and so on
	exe      int
	dir      *byte // the working directory, nil for the host's
	argv     []*byte
	envp     []*byte
	eachFile bool // close_range is missing
	highest  int  // the last descriptor that is open, set by start for eachFile; else -1

	limits       []rlimit
	ownMounts    bool
	ruleset      int // -1 for none
	capabilities *privileges
	user, group  uintptr // the host's effective ones
	oneUser      bool    // these become the child's real and saved ones, too
	filter       filter  // nil for none
	own          []int   // the filter's instructions that compare with the process id
	program      unix.SockFprog
	secret       uint64 // see [confinement.start]
	warden       warden
	asking       asking
	unguarded    unix.Errno // why the program gets no warden that it should have

	// failure is shared with the child, also where the rest of the memory is not.
	failure *failure
	outcome failure // set by start: what failure is at the end
}

// failure says what a child could not do; the zero failure is none.
type failure struct {
	errno unix.Errno
	step  step
	// Why the program sees later mounts, or has no warden or supervisor, although it should; it runs
	// all the same.
	mounts, unguarded, unsupervised unix.Errno
	warden                          uintptr // its process id, 0 for none
}

// step is what a child does.
type step uint32

const (
	stepFork step = iota
	stepGroup
	stepFiles
	stepDir
	stepLimits
	stepMounts
	stepNoNewPrivileges
	stepLandlock
	stepCapabilities
	stepUser
	stepDeathSignal
	stepSupervisor
	stepSeccomp
	stepExec
)

var stepNames = [...]string{
	"fork", "process group", "descriptors", "working directory", "resource limits", "mounts", "no new privileges", "landlock", "capabilities",
	"user and group", "parent death signal", "supervisor", "seccomp", "start",
}

func (f failure) Error() string {
	if f.step == stepExec {
		return f.errno.Error() // within an error that says what was started
	}
	return fmt.Sprintf("%s: %v", stepNames[f.step], f.errno)
}

func (f failure) Unwrap() error { return f.errno }

// The runtime keeps these three for packages that fork as gVisor does.
//
//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// start makes the process and returns its id once it runs the program. The process gets the death
// signal when the calling thread ends.
func (c *child) start() (pid int, err error) {
	page, err := unix.Mmap(-1, 0, int(unsafe.Sizeof(failure{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	defer unix.Munmap(page)
	c.failure = (*failure)(unsafe.Pointer(&page[0]))
	c.failure.unguarded = c.unguarded
	c.host = uintptr(os.Getpid())

	if c.eachFile {
		// No descriptor without close-on-exec appears behind the last one.
		syscall.ForkLock.Lock()
		defer syscall.ForkLock.Unlock()
		if c.highest, err = highestDescriptor(); err != nil {
			return 0, err
		}
	}

	id, errno := c.fork()
	runtime.KeepAlive(c)
	if errno != 0 {
		return 0, failure{step: stepFork, errno: unix.Errno(errno)}
	}
	c.outcome = *c.failure
	if c.outcome.errno != 0 {
		endWarden(c.outcome.warden)
		for {
			if _, err := syscall.Wait4(int(id), nil, 0, nil); err != syscall.EINTR {
				return 0, c.outcome
			}
		}
	}
	return int(id), nil
}

// highestDescriptor returns the highest number of an open descriptor.
func highestDescriptor() (highest int, err error) {
	entries, err := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			highest = max(highest, fd)
		}
	}
	return highest, err
}

// fork returns when the child has ended or runs the program. Like package syscall it keeps signals
// away meanwhile: the child must not run the host's handlers.
//
//go:norace
func (c *child) fork() (pid, errno uintptr) {
	pid, errno = c.forkOnly()
	afterFork()
	return pid, errno
}

// forkOnly has a frame of its own, which the child never leaves, and the parent at once.
//
//go:noinline
//go:norace
//go:nocheckptr
func (c *child) forkOnly() (pid, errno uintptr) {
	beforeFork()
	pid, errno = vfork(forkFlags)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	afterForkInChild()
	c.run()
	return 0, 0
}

// run is the child's life.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) run() {
	// A session of its own is a process group, too, and to a kernel that shares the processors
	// among sessions all processes of the program are one.
	c.call(stepGroup, unix.SYS_SETSID, 0, 0, 0, 0, 0)
	c.moveFiles()
	c.closeFrom(uintptr(len(c.files)))
	if c.dir != nil {
		c.call(stepDir, unix.SYS_CHDIR, uintptr(unsafe.Pointer(c.dir)), 0, 0, 0, 0)
	}
	for i := range c.limits {
		l := &c.limits[i]
		c.call(stepLimits, unix.SYS_PRLIMIT64, 0, l.resource, uintptr(unsafe.Pointer(&l.value)), 0, 0)
	}
	if c.ownMounts {
		c.separateMounts()
	}
	c.call(stepNoNewPrivileges, unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if c.capabilities != nil {
		c.dropCapabilities()
	}
	if c.oneUser {
		c.call(stepUser, unix.SYS_SETRESGID, c.group, c.group, c.group, 0, 0)
		c.call(stepUser, unix.SYS_SETRESUID, c.user, c.user, c.user, 0, 0)
	}
	if c.warden.exe >= 0 {
		c.startWarden()
	}
	if c.ruleset >= 0 {
		c.call(stepLandlock, unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(c.ruleset), 0, 0, 0, 0)
	}
	// After a change of user, which may take the signal back.
	c.call(stepDeathSignal, unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
	if parent, _, _ := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0); parent != c.host {
		c.fail(stepDeathSignal, unix.ESRCH) // the host has ended already
	}
	if c.asking.filter != nil {
		c.ask()
	}
	if c.filter != nil {
		c.enterFilter()
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(c.exe), uintptr(unsafe.Pointer(&empty)),
		uintptr(unsafe.Pointer(&c.argv[0])), uintptr(unsafe.Pointer(&c.envp[0])), unix.AT_EMPTY_PATH, uintptr(c.secret))
	c.fail(stepExec, errno)
}

var (
	empty byte // the empty path
	root  = [2]byte{'/'}
)

// moveFiles gives the files their numbers. First those that are in the way of others move up.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) moveFiles() {
	count := uintptr(len(c.files))
	for i, fd := range c.files {
		if fd < i {
			c.files[i] = int(c.call(stepFiles, unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, count, 0, 0))
		}
	}
	if uintptr(c.exe) < count {
		c.exe = int(c.call(stepFiles, unix.SYS_FCNTL, uintptr(c.exe), unix.F_DUPFD_CLOEXEC, count, 0, 0))
	}
	if c.ruleset >= 0 && uintptr(c.ruleset) < count {
		c.ruleset = int(c.call(stepFiles, unix.SYS_FCNTL, uintptr(c.ruleset), unix.F_DUPFD_CLOEXEC, count, 0, 0))
	}
	if c.warden.exe >= 0 && uintptr(c.warden.exe) < count {
		c.warden.exe = int(c.call(stepFiles, unix.SYS_FCNTL, uintptr(c.warden.exe), unix.F_DUPFD_CLOEXEC, count, 0, 0))
	}
	if c.asking.filter != nil && uintptr(c.asking.socket) < count {
		c.asking.socket = int(c.call(stepFiles, unix.SYS_FCNTL, uintptr(c.asking.socket), unix.F_DUPFD_CLOEXEC, count, 0, 0))
	}
	for i, fd := range c.files {
		if fd == i {
			c.call(stepFiles, unix.SYS_FCNTL, uintptr(fd), unix.F_SETFD, 0, 0, 0)
		} else {
			c.call(stepFiles, unix.SYS_DUP3, uintptr(fd), uintptr(i), 0, 0, 0)
		}
	}
}

// closeFrom lets the exec close what is open from a descriptor on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) closeFrom(first uintptr) {
	if c.highest < 0 {
		c.call(stepFiles, unix.SYS_CLOSE_RANGE, first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC, 0, 0)
	}
	for fd := first; int(fd) <= c.highest; fd++ {
		unix.RawSyscall(unix.SYS_FCNTL, fd, unix.F_SETFD, unix.FD_CLOEXEC)
	}
}

// separateMounts lets the child see no mount that is made from now on. Where something forbids that
// although the host has the capability, as a filter of its own may, the child says so and goes on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) separateMounts() {
	if _, _, errno := unix.RawSyscall(unix.SYS_UNSHARE, unix.CLONE_NEWNS, 0, 0); errno != 0 {
		c.failure.mounts = errno
		return
	}
	c.call(stepMounts, unix.SYS_MOUNT, 0, uintptr(unsafe.Pointer(&root)), 0, unix.MS_REC|unix.MS_PRIVATE, 0)
}

// dropCapabilities takes the capabilities from the child and from what it starts, for good.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) dropCapabilities() {
	p := c.capabilities
	if p.root {
		c.call(stepCapabilities, unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, secureNoRoot, 0, 0, 0)
	}
	c.call(stepCapabilities, unix.SYS_CAPSET, uintptr(unsafe.Pointer(&p.header)), uintptr(unsafe.Pointer(&p.kept)), 0, 0, 0)
	if p.kept[0].Permitted != 0 {
		c.call(stepCapabilities, unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_DAC_OVERRIDE, 0, 0)
	}
}

// enterFilter tells the filter which process it is for, and takes it on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (c *child) enterFilter() {
	id, _, _ := unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
	for _, at := range c.own {
		c.filter[at].K = uint32(id)
	}
	c.call(stepSeccomp, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&c.program)), 0, 0)
}

// call makes a system call that must succeed.
//
//go:nosplit
//go:norace
func (c *child) call(s step, nr, a, b, d, e, f uintptr) uintptr {
	result, _, errno := unix.RawSyscall6(nr, a, b, d, e, f, 0)
	if errno != 0 {
		c.fail(s, errno)
	}
	return result
}

// fail ends the child.
//
//go:nosplit
//go:norace
func (c *child) fail(s step, errno unix.Errno) {
	c.failure.step, c.failure.errno = s, errno
	for {
		unix.RawSyscall(unix.SYS_EXIT, 253, 0, 0)
	}
}
