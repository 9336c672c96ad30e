//go:build amd64 || arm64

package sandbox

import "golang.org/x/sys/unix"

// lastCall is the newest system call that these rules were written with.
const lastCall = unix.SYS_RSEQ_SLICE_YIELD

// Values of arguments that the rules look at and that have no name elsewhere.
const (
	// signalPreempt and signalPerThread are what the Go runtime sends its own threads: to preempt them and
	// to run a system call on all of them. Both do nothing in a Go program that did not expect them.
	signalPreempt   = uint32(unix.SIGURG)
	signalPerThread = 33
)

// confinement is what a filter depends on.
type confinement struct {
	policy   *Policy
	landlock int  // its ABI version, 0 where there is none
	listener bool // whether notifications can be answered
}

// startCall is the call whose notification ends the supervision of a start: at it the limits are set,
// and everything after it is refused. It is execve, or, where the program may run others, setpgid.
func (c confinement) startCall() int {
	if c.policy.Programs {
		return unix.SYS_SETPGID
	}
	return unix.SYS_EXECVE
}

// filter assembles the filter of a program.
func (c confinement) filter() filter {
	var rules []rule
	add := func(block filter, calls ...uint32) {
		for _, nr := range calls {
			rules = append(rules, rule{nr, block})
		}
	}
	refused := verdict(deny(unix.EPERM))
	add(refused, kernelCalls...)
	add(refused, metadataCalls...)
	add(refused, legacyKernelCalls...)
	add(refused, legacyMetadataCalls...)

	// Before its third version Landlock does not know truncate.
	if len(c.policy.ReadWrite) == 0 || c.landlock < 3 {
		add(refused, unix.SYS_TRUNCATE)
	}
	if c.withoutFiles() {
		add(verdict(deny(unix.EACCES)), openCalls...)
		add(verdict(deny(unix.EACCES)), legacyOpenCalls...)
	}
	add(verdict(deny(unix.EOPNOTSUPP)), attributeCalls...)
	rules = append(rules, c.asks()...)

	// A filter sees only registers, and clone3 has its flags in memory. Who gets ENOSYS uses clone.
	add(verdict(deny(unix.ENOSYS)), unix.SYS_CLONE3)
	add(c.clone(), unix.SYS_CLONE)
	if !c.policy.Programs {
		add(refused, legacyForkCalls...)
	}
	if !c.policy.Programs && c.listener {
		add(verdict(notify), unix.SYS_EXECVE)
	}
	if c.policy.Programs && c.listener {
		add(verdict(notify), unix.SYS_SETPGID)
	} else {
		add(ownGroupOnly(), unix.SYS_SETPGID)
	}

	// A thread of the host shares the program's Landlock domain, and so is no stranger to its signals: only
	// harmless ones may pass.
	add(oneOf(2, []uint32{signalPreempt, signalPerThread}, allow, deny(unix.EPERM)), unix.SYS_TGKILL)
	add(keepDeathSignal(), unix.SYS_PRCTL)
	add(ownLimitsReadOnly(), unix.SYS_PRLIMIT64)
	return assemble(auditArch, lastCall, rules)
}

// withoutFiles tells whether the filter itself keeps the program from all files: where Landlock is missing
// and nothing is granted.
func (c confinement) withoutFiles() bool {
	p := c.policy
	return c.landlock == 0 && len(p.ReadOnly) == 0 && len(p.ReadWrite) == 0 && !p.Network && !p.Programs
}

// clone lets threads through, and processes as the policy has it; never a namespace, and never a process
// that would be the host's child.
func (c confinement) clone() filter {
	const never = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_PARENT | unix.CLONE_PTRACE
	process := uint32(allow)
	if c.listener && !c.policy.Programs {
		process = notify
	}
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JSET, never, 2, 0),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 2, 0),
		ret(process),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// ownGroupOnly allows setpgid(0, 0), which the start itself calls, and which does nothing afterwards.
func ownGroupOnly() filter {
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JEQ, 0, 0, 2),
		loadWord(low(1)),
		jump(unix.BPF_JEQ, 0, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// keepDeathSignal allows every prctl but one that takes back "kill me when my parent ends".
func keepDeathSignal() filter {
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JEQ, unix.PR_SET_PDEATHSIG, 0, 3),
		loadWord(low(1)),
		jump(unix.BPF_JEQ, uint32(unix.SIGKILL), 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// ownLimitsReadOnly allows prlimit(0, resource, NULL, old): the limits of others are theirs, and a
// program that runs as root could raise its own.
func ownLimitsReadOnly() filter {
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JEQ, 0, 0, 4),
		loadWord(low(2)),
		jump(unix.BPF_JEQ, 0, 0, 2),
		loadWord(high(2)),
		jump(unix.BPF_JEQ, 0, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// kernelCalls are what no module needs: other processes, the machine, and parts of the kernel that reach
// round the other measures.
var kernelCalls = []uint32{
	// Other processes: looking into them, signalling them, changing how they run.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE,
	unix.SYS_KCMP, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_SETSID,
	unix.SYS_SETPRIORITY, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETATTR, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER,
	unix.SYS_IOPRIO_SET, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_SETRLIMIT,
	// Programs and files that have no name, or are reached without one.
	unix.SYS_EXECVEAT, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
	unix.SYS_INOTIFY_INIT1, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK,
	// Mounts and namespaces.
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR,
	unix.SYS_FSOPEN, unix.SYS_FSPICK, unix.SYS_FSMOUNT, unix.SYS_FSCONFIG, unix.SYS_MOUNT_SETATTR, unix.SYS_STATMOUNT, unix.SYS_LISTMOUNT,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_LISTNS,
	// System calls that this filter would not see.
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	// Memory and messages that processes share by number.
	unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_SEMCTL,
	unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL,
	unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK, unix.SYS_MQ_TIMEDSEND, unix.SYS_MQ_TIMEDRECEIVE, unix.SYS_MQ_NOTIFY, unix.SYS_MQ_GETSETATTR,
	unix.SYS_SOCKETPAIR, unix.SYS_VMSPLICE, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
	// The machine.
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_PERSONALITY, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_SYSLOG,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYNC, unix.SYS_SYNCFS, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_VHANGUP,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
}

// metadataCalls change files in ways that Landlock does not cover, by path or by a descriptor for which it is
// enough that the file can be read, and make links, which whoever reads a directory may follow out of it.
var metadataCalls = []uint32{
	unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT, unix.SYS_FILE_SETATTR, unix.SYS_FILE_GETATTR,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_SETXATTRAT, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_FSETXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_SYMLINKAT,
}

// attributeCalls read extended attributes by path, those of files that are not granted too.
var attributeCalls = []uint32{
	unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_GETXATTRAT, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_LISTXATTRAT,
}

// openCalls open files or change directories.
var openCalls = []uint32{
	unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2,
	unix.SYS_LINKAT, unix.SYS_MKNODAT,
}
