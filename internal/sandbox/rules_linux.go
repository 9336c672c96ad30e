//go:build amd64 || arm64

package sandbox

import "golang.org/x/sys/unix"

// lastCall is the newest system call that these rules were written with.
const lastCall = unix.SYS_RSEQ_SLICE_YIELD

// ownProcess stands for the id of the process that a filter is for, which is known when there is
// one.
const ownProcess = 1<<32 - 1

// confinement is what a filter depends on.
type confinement struct {
	policy   *Policy
	landlock int    // its ABI version, 0 if there is none
	secret   uint64 // see start
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
	add(oneTable(), unix.SYS_CLOSE_RANGE)
	add(c.start(), unix.SYS_EXECVEAT)
	if !c.policy.Programs {
		add(refused, unix.SYS_EXECVE)
		add(refused, legacyForkCalls...)
	}

	if !c.keepsSignalsIn() {
		add(ownProcessOnly, unix.SYS_TGKILL)
	}
	add(ownProcessOnly, unix.SYS_KILL)
	add(ownClocks(), unix.SYS_TIMER_CREATE, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP)
	add(harmlessOptions(), unix.SYS_PRCTL)
	add(ownLimitsReadOnly(), unix.SYS_PRLIMIT64)
	return assemble(auditArch, lastCall, rules)
}

// asking assembles the filter that asks a [supervisor] about each process and, with threads, about
// each thread. It is nil where nobody needs to be asked.
func (c confinement) asking() filter {
	ask := verdict(unix.SECCOMP_RET_USER_NOTIF)
	clone := ask
	switch {
	case c.policy.Limits.Processes > 0: // counts threads, too
	case c.policy.Programs:
		clone = filter{
			loadWord(low(0)),
			jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0),
			ret(unix.SECCOMP_RET_USER_NOTIF),
			ret(allow),
		}
	default:
		return nil
	}
	rules := []rule{{unix.SYS_CLONE, clone}}
	for _, nr := range legacyForkCalls {
		rules = append(rules, rule{nr, ask})
	}
	return assemble(auditArch, lastCall, rules)
}

// withoutFiles reports whether the filter itself keeps the program from all files: where Landlock
// is missing and nothing is granted.
func (c confinement) withoutFiles() bool {
	p := c.policy
	return c.landlock == 0 && len(p.ReadOnly) == 0 && len(p.ReadWrite) == 0 && !p.Network && !p.Programs
}

// start allows the one exec of a start, which comes after the filter. A filter cannot count, but it
// can ask for a password: execveat does not use its sixth argument. Both halves are compared at
// once, so that the time which a refusal takes does not tell who has guessed one.
func (c confinement) start() filter {
	return filter{
		loadWord(low(5)),
		{Code: unix.BPF_ALU | unix.BPF_XOR | unix.BPF_K, K: uint32(c.secret)},
		{Code: unix.BPF_MISC | unix.BPF_TAX},
		loadWord(high(5)),
		{Code: unix.BPF_ALU | unix.BPF_XOR | unix.BPF_K, K: uint32(c.secret >> 32)},
		{Code: unix.BPF_ALU | unix.BPF_OR | unix.BPF_X},
		jump(unix.BPF_JEQ, 0, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// clone lets threads through, and processes as the policy has it; never a namespace, never a
// process that would be the host's child, and never a thread with descriptors of its own, see
// [oneTable].
func (c confinement) clone() filter {
	const never = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_PARENT | unix.CLONE_PTRACE
	process := deny(unix.EPERM)
	if c.policy.Programs {
		process = allow
	}
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JSET, never, 3, 0),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0),
		ret(process),
		jump(unix.BPF_JSET, unix.CLONE_FILES, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// oneTable refuses the flag of close_range by which a thread gets a table of descriptors of its
// own: the limit of open files (RLIMIT_NOFILE) is one of each table, and what the kernel keeps
// behind them is bounded by nothing else.
func oneTable() filter {
	return filter{
		loadWord(low(2)),
		jump(unix.BPF_JSET, unix.CLOSE_RANGE_UNSHARE, 0, 1),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// keepsSignalsIn reports whether what the program starts can signal its own threads, as runtimes
// do: a filter knows the program's id only, but Landlock keeps all signals within the sandbox.
func (c confinement) keepsSignalsIn() bool { return c.policy.Programs && c.landlock >= landlockSignals }

// ownProcessOnly allows a call whose first argument is the id of the program.
var ownProcessOnly = oneOf(0, []uint32{ownProcess}, allow, deny(unix.EPERM))

// ownClocks allows the clocks of the machine and those of the caller. The other negative numbers
// stand for the time that another process uses: a timer on it is work for that process.
func ownClocks() filter {
	const first, own = 1 << 31, 1<<32 - 8 // of the negative numbers, and of those of process 0, which is the caller
	return filter{
		loadWord(low(0)),
		jump(unix.BPF_JGE, first, 0, 2),
		jump(unix.BPF_JGE, own, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// processOptions are those of prctl that say something about the caller, or change what concerns
// nobody else: not the filter, nor who may look into the process, nor whose child it is.
var processOptions = []uint32{
	unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_SET_THP_DISABLE, unix.PR_GET_THP_DISABLE,
	unix.PR_SET_TIMERSLACK, unix.PR_GET_TIMERSLACK, unix.PR_GET_PDEATHSIG, unix.PR_GET_DUMPABLE, unix.PR_GET_KEEPCAPS,
	unix.PR_GET_SECUREBITS, unix.PR_CAPBSET_READ, unix.PR_SET_NO_NEW_PRIVS, unix.PR_GET_NO_NEW_PRIVS,
	unix.PR_GET_SECCOMP, unix.PR_GET_CHILD_SUBREAPER, unix.PR_GET_TID_ADDRESS, unix.PR_GET_SPECULATION_CTRL,
	unix.PR_GET_TSC, unix.PR_GET_FPEMU, unix.PR_GET_FPEXC, unix.PR_GET_UNALIGN, unix.PR_GET_ENDIAN, unix.PR_GET_TIMING,
	unix.PR_SVE_SET_VL, unix.PR_SVE_GET_VL, unix.PR_SME_SET_VL, unix.PR_SME_GET_VL, unix.PR_PAC_RESET_KEYS,
	unix.PR_GET_TAGGED_ADDR_CTRL, unix.PR_GET_AUXV,
}

// harmlessOptions allows these options, and to repeat "kill me when my parent ends".
func harmlessOptions() filter {
	f := filter{
		loadWord(low(0)),
		jump(unix.BPF_JEQ, unix.PR_SET_PDEATHSIG, 0, 4),
		loadWord(low(1)),
		jump(unix.BPF_JEQ, uint32(unix.SIGKILL), 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
	return append(f, oneOf(0, processOptions, allow, deny(unix.EPERM))...)
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

// kernelCalls are what no module needs: other processes, the machine, and parts of the kernel that
// reach round the other measures.
var kernelCalls = []uint32{
	// Other processes: looking into them, signalling them, changing how they run.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE,
	unix.SYS_KCMP, unix.SYS_GET_ROBUST_LIST, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_SETSID, unix.SYS_SETPGID,
	unix.SYS_SETPRIORITY, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETATTR, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER,
	unix.SYS_IOPRIO_SET, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_SETRLIMIT,
	// Who the process is: a change may take back that it ends with the host.
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETREUID, unix.SYS_SETREGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID,
	unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_SETGROUPS, unix.SYS_CAPSET, unix.SYS_LSM_SET_SELF_ATTR,
	// Filters: of two that say the same the newer one would answer.
	unix.SYS_SECCOMP,
	// More rules are memory of the kernel's, gigabytes for the descriptors of one program.
	unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF,
	// Files that have no name, or are reached without one.
	unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
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
	// The machine, and what all its processes together have little of.
	unix.SYS_IO_SETUP,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_PERSONALITY, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_SYSLOG,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYNC, unix.SYS_SYNCFS, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_VHANGUP,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
}

// metadataCalls change files in ways that Landlock does not cover, by path or by a descriptor for
// which it is enough that the file can be read, and make links, which anyone who reads a directory
// may follow out of it.
var metadataCalls = []uint32{
	unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT, unix.SYS_FILE_SETATTR, unix.SYS_FILE_GETATTR,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_SETXATTRAT, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_FSETXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_SYMLINKAT,
}

// attributeCalls read extended attributes by path, those of files that are not granted too.
var attributeCalls = []uint32{
	unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_GETXATTRAT, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_LISTXATTRAT,
}

// openCalls open files, change directories, or tell where links lead, those of /proc to the files
// of other processes too.
var openCalls = []uint32{
	unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2,
	unix.SYS_LINKAT, unix.SYS_MKNODAT, unix.SYS_CHDIR, unix.SYS_READLINKAT,
}
