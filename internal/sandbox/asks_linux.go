//go:build amd64 || arm64

package sandbox

import (
	"slices"

	"golang.org/x/sys/unix"
)

// What a grant means: for each group of system calls, what its holder may ask the kernel for.
// Everything else of the group is refused, what future kernels add to it too. A filter sees no
// paths and does not know what a descriptor stands for; what it cannot tell apart by itself goes by
// the narrowest of the grants.

// asks returns the rules of the calls whose arguments decide.
func (c confinement) asks() []rule {
	return slices.Concat(c.fileAsks(), c.socketAsks(), c.memoryAsks())
}

// everyFcntl is what every program may ask of a descriptor that it has. Not among them: leases and
// notifications, which hold up or watch other users of the file; signals; seals; the size of a
// pipe.
var everyFcntl = []uint32{
	unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL, unix.F_GETPIPE_SZ,
}

// lockFcntl are the locks, which hold up others.
var lockFcntl = []uint32{
	unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_GETLK, unix.F_OFD_SETLK, unix.F_OFD_SETLKW,
}

// everyIoctl is what every program may ask of a device, pipe, socket or file by ioctl: whether it
// is a terminal, how much can be read, and the flags that fcntl has too. Most other numbers change
// something.
var everyIoctl = []uint32{unix.TIOCINQ, fionbio, fioclex, fionclex, unix.TCGETS, unix.TIOCGWINSZ}

// sizedAllocations are the modes of fallocate under a limit of file sizes: what makes a file
// larger, which the limit covers, and what gives back. The others take room on the disk beyond the
// end of a file, whose size stays.
var sizedAllocations = []uint32{0, unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE}

// Numbers that package unix does not have.
const (
	fionclex = 0x5450
	fioclex  = 0x5451
	fionbio  = 0x5421
)

// Bits of a mode that make a program run as somebody else, or a directory keep its files' owners.
const specialBits = unix.S_ISUID | unix.S_ISGID | unix.S_ISVTX

func (c confinement) fileAsks() []rule {
	refused := deny(unix.EPERM)
	fcntl := everyFcntl
	var rules []rule
	// A lock needs no more than a file that is open for reading, and its holder holds up those who
	// write.
	if len(c.policy.ReadWrite) > 0 && len(c.policy.ReadOnly) == 0 {
		fcntl = slices.Concat(fcntl, lockFcntl)
	} else {
		rules = append(rules, rule{unix.SYS_FLOCK, verdict(refused)})
	}
	rules = append(
		rules,
		rule{unix.SYS_FCNTL, oneOf(1, fcntl, allow, refused)},
		rule{unix.SYS_IOCTL, oneOf(1, everyIoctl, allow, refused)},
	)
	if c.policy.Limits.FileSize > 0 {
		rules = append(rules, rule{unix.SYS_FALLOCATE, oneOf(1, sizedAllocations, allow, deny(unix.EOPNOTSUPP))})
	}
	if !c.withoutFiles() {
		rules = append(rules, rule{unix.SYS_OPENAT2, verdict(deny(unix.ENOSYS))}) // its mode is in memory; openat will do
		for _, m := range slices.Concat(modeCalls, legacyModeCalls) {
			rules = append(rules, rule{m.nr, append(c.openFlags(m.flags), m.plain()...)})
		}
		rules = append(rules, rule{unix.SYS_RENAMEAT2, oneOf(4, renameFlags, allow, refused)})
	}
	return rules
}

// modeCall is a call that makes a file of a mode.
type modeCall struct {
	nr, arg uint32
	flags   uint32 // the argument whose flags say that a file is made, or 0
	node    bool   // the mode holds the kind of file, too
}

var modeCalls = []modeCall{
	{nr: unix.SYS_OPENAT, arg: 3, flags: 2},
	{nr: unix.SYS_MKDIRAT, arg: 2},
	{nr: unix.SYS_MKNODAT, arg: 2, node: true},
}

// renameFlags are what a rename may ask for. Not among them is the device that RENAME_WHITEOUT
// leaves in the place of the file: Landlock does not take it for one that is made.
var renameFlags = []uint32{0, unix.RENAME_NOREPLACE, unix.RENAME_EXCHANGE}

// openFlags refuse what Landlock does not see in the flags of an open, which are the argument at: a
// file opened neither for reading nor for writing, for which it asks no right at all, and, before
// its third version, one that is emptied without being opened for writing.
func (c confinement) openFlags(at uint32) filter {
	if at == 0 {
		return nil
	}
	f := refuseFlags(at, unix.O_ACCMODE, unix.O_ACCMODE)
	if c.landlock < 3 {
		f = append(f, refuseFlags(at, unix.O_ACCMODE|unix.O_TRUNC, unix.O_RDONLY|unix.O_TRUNC)...)
	}
	return f
}

// refuseFlags refuses a call whose argument has these bits within the mask, and goes on otherwise.
func refuseFlags(arg, mask, bits uint32) filter {
	return filter{
		loadWord(low(arg)),
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: mask},
		jump(unix.BPF_JEQ, bits, 0, 1),
		ret(deny(unix.EACCES)),
	}
}

// plain allows modes without special bits and, of files that are made by mknod, regular ones.
func (m modeCall) plain() filter {
	forbidden := uint32(specialBits)
	if m.node {
		forbidden |= unix.S_IFMT &^ unix.S_IFREG
	}
	f := filter{}
	if m.flags > 0 {
		f = append(f, loadWord(low(m.flags)), jump(unix.BPF_JSET, unix.O_CREAT|unix.O_TMPFILE&^unix.O_DIRECTORY, 0, 3))
	}
	return append(f, loadWord(low(m.arg)), jump(unix.BPF_JSET, forbidden, 0, 1), ret(deny(unix.EPERM)), ret(allow))
}

// socketCalls are what only a program with the network asks for. The connection to its host, a
// socket that every program has, would tell of the host, take a name that all processes see, or
// carry descriptors.
var socketCalls = []uint32{
	unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_CONNECT, unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_SHUTDOWN,
	unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_GETSOCKOPT, unix.SYS_SETSOCKOPT,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
}

// protocols are those of the sockets that the network grants. Others make the kernel load modules.
var protocols = []uint32{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6, unix.IPPROTO_MPTCP}

// options are what may be read or set of a socket, by level. Not among them: who the peer is
// (SO_PEERCRED, SO_PEERPIDFD), marks, devices, filters, memory of the program that the kernel keeps
// (SO_ZEROCOPY), a close that waits (SO_LINGER): a program can send the socket over the connection
// to its host, whose next read would close it.
var options = []struct {
	level uint32
	names []uint32
}{
	{unix.SOL_SOCKET, []uint32{
		unix.SO_REUSEADDR, unix.SO_TYPE, unix.SO_ERROR, unix.SO_BROADCAST, unix.SO_SNDBUF, unix.SO_RCVBUF, unix.SO_KEEPALIVE,
		unix.SO_OOBINLINE, unix.SO_REUSEPORT, unix.SO_RCVLOWAT, unix.SO_RCVTIMEO, unix.SO_SNDTIMEO,
		unix.SO_RCVTIMEO_NEW, unix.SO_SNDTIMEO_NEW, unix.SO_ACCEPTCONN, unix.SO_PROTOCOL, unix.SO_DOMAIN,
	}},
	{unix.SOL_TCP, []uint32{
		unix.TCP_NODELAY, unix.TCP_MAXSEG, unix.TCP_CORK, unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL, unix.TCP_KEEPCNT, unix.TCP_SYNCNT,
		unix.TCP_LINGER2, unix.TCP_DEFER_ACCEPT, unix.TCP_WINDOW_CLAMP, unix.TCP_INFO, unix.TCP_QUICKACK, unix.TCP_USER_TIMEOUT,
		unix.TCP_FASTOPEN, unix.TCP_FASTOPEN_CONNECT, unix.TCP_NOTSENT_LOWAT,
	}},
	{unix.SOL_UDP, []uint32{unix.UDP_CORK, unix.UDP_SEGMENT, unix.UDP_GRO}},
	{unix.SOL_MPTCP, []uint32{1 /* MPTCP_INFO */}},
	{unix.SOL_IP, []uint32{
		unix.IP_TOS, unix.IP_TTL, unix.IP_PKTINFO, unix.IP_MTU_DISCOVER, unix.IP_MTU, unix.IP_RECVERR, unix.IP_RECVTTL, unix.IP_RECVTOS,
		unix.IP_BIND_ADDRESS_NO_PORT, unix.IP_MULTICAST_IF, unix.IP_MULTICAST_TTL, unix.IP_MULTICAST_LOOP,
		unix.IP_ADD_MEMBERSHIP, unix.IP_DROP_MEMBERSHIP,
	}},
	{unix.SOL_IPV6, []uint32{
		unix.IPV6_UNICAST_HOPS, unix.IPV6_MULTICAST_IF, unix.IPV6_MULTICAST_HOPS, unix.IPV6_MULTICAST_LOOP,
		unix.IPV6_JOIN_GROUP, unix.IPV6_LEAVE_GROUP, unix.IPV6_MTU_DISCOVER, unix.IPV6_MTU, unix.IPV6_RECVERR, unix.IPV6_V6ONLY,
		unix.IPV6_RECVPKTINFO, unix.IPV6_PKTINFO, unix.IPV6_RECVHOPLIMIT, unix.IPV6_HOPLIMIT, unix.IPV6_RECVTCLASS, unix.IPV6_TCLASS,
	}},
}

func (c confinement) socketAsks() []rule {
	if !c.policy.Network {
		rules := []rule{{unix.SYS_SOCKET, verdict(deny(unix.EPERM))}}
		for _, nr := range socketCalls {
			rules = append(rules, rule{nr, verdict(deny(unix.EPERM))})
		}
		return rules
	}
	return []rule{
		{unix.SYS_SOCKET, internetOnly()},
		{unix.SYS_GETSOCKOPT, optionsOnly()},
		{unix.SYS_SETSOCKOPT, optionsOnly()},
	}
}

// internetOnly allows sockets of the internet's families, streams and datagrams, and its usual
// protocols.
func internetOnly() filter {
	const kind = 0xf // the flags of the type lie above
	rest := oneOf(2, protocols, allow, deny(unix.EPERM))
	return append(filter{
		loadWord(low(0)),
		jump(unix.BPF_JEQ, unix.AF_INET, 1, 0),
		jump(unix.BPF_JEQ, unix.AF_INET6, 0, 4),
		loadWord(low(1)),
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: kind},
		jump(unix.BPF_JEQ, unix.SOCK_STREAM, 2, 0),
		jump(unix.BPF_JEQ, unix.SOCK_DGRAM, 1, 0),
		ret(deny(unix.EPERM)),
	}, rest...)
}

// optionsOnly allows the listed options of sockets.
func optionsOnly() filter {
	var f filter
	for _, o := range options {
		names := oneOf(2, o.names, allow, deny(unix.EPERM))
		f = append(f, loadWord(low(1)), jump(unix.BPF_JEQ, o.level, 0, uint8(len(names))))
		f = append(f, names...)
	}
	return append(f, ret(deny(unix.EPERM)))
}

// memoryAsks refuse what would let a program have memory that its limit (RLIMIT_DATA) does not
// count: the kernel counts what is private and writable at the moment. Nothing that is written may
// become read-only, or be moved in a way that is not counted, and no memory is shared that has no
// file. The standard runtime asks for none of it.
func (c confinement) memoryAsks() []rule {
	if c.policy.Limits.Memory <= 0 {
		return nil
	}
	rules := []rule{{unix.SYS_MMAP, countedMemoryOnly()}}
	if c.policy.Programs { // dynamic loaders do; all of the program's processes are measured
		return rules
	}
	return append(
		rules,
		rule{unix.SYS_MPROTECT, writableOnly()},
		rule{unix.SYS_PKEY_MPROTECT, writableOnly()},
		rule{unix.SYS_MREMAP, verdict(deny(unix.EPERM))},
		rule{unix.SYS_MAP_SHADOW_STACK, verdict(deny(unix.EPERM))}, // which RLIMIT_DATA does not count
	)
}

// writableOnly allows protections that keep memory writable.
func writableOnly() filter {
	return filter{
		loadWord(low(2)),
		jump(unix.BPF_JSET, unix.PROT_WRITE, 1, 0),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}

// countedMemoryOnly refuses the mappings that RLIMIT_DATA does not count: shared anonymous memory
// and stacks that grow by themselves.
func countedMemoryOnly() filter {
	return filter{
		loadWord(low(3)),
		jump(unix.BPF_JSET, unix.MAP_GROWSDOWN, 2, 0),
		jump(unix.BPF_JSET, unix.MAP_SHARED, 0, 2),
		jump(unix.BPF_JSET, unix.MAP_ANONYMOUS, 0, 1),
		ret(deny(unix.EPERM)),
		ret(allow),
	}
}
