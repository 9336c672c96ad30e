//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// run interprets the filter for one call, and returns its verdict and how many instructions it
// took.
func (f filter) run(t testing.TB, arch, nr uint32, args ...uint64) (verdict uint32, steps int) {
	t.Helper()
	data := binary.LittleEndian.AppendUint32(nil, nr)
	data = binary.LittleEndian.AppendUint32(data, arch)
	data = binary.LittleEndian.AppendUint64(data, 0)
	for i := range 6 {
		var arg uint64
		if i < len(args) {
			arg = args[i]
		}
		data = binary.LittleEndian.AppendUint64(data, arg)
	}
	var word, index uint32
	for pc := 0; pc < len(f); pc++ {
		steps++
		i := f[pc]
		taken := false
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			word = binary.LittleEndian.Uint32(data[i.K:])
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			word &= i.K
			continue
		case unix.BPF_ALU | unix.BPF_XOR | unix.BPF_K:
			word ^= i.K
			continue
		case unix.BPF_ALU | unix.BPF_OR | unix.BPF_X:
			word |= index
			continue
		case unix.BPF_MISC | unix.BPF_TAX:
			index = word
			continue
		case unix.BPF_RET | unix.BPF_K:
			return i.K, steps
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(i.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			taken = word == i.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			taken = word >= i.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			taken = word&i.K != 0
		default:
			t.Fatalf("unknown instruction %#v", i)
		}
		if taken {
			pc += int(i.Jt)
		} else {
			pc += int(i.Jf)
		}
	}
	t.Fatal("the filter ends without a verdict")
	return 0, 0
}

func TestFilter(t *testing.T) {
	t.Parallel()
	nothing := confinement{policy: &Policy{}, landlock: 7, secret: 1<<32 | 2}
	programs := confinement{policy: &Policy{Programs: true}, landlock: 7}
	unscoped := confinement{policy: &Policy{Programs: true}, landlock: 5}
	network := confinement{policy: &Policy{Network: true}, landlock: 7}
	bare := confinement{policy: &Policy{}}
	limited := confinement{policy: &Policy{Limits: Limits{Memory: 1}}, landlock: 7}
	writable := confinement{policy: &Policy{ReadWrite: []string{"/tmp"}}, landlock: 7}
	old := confinement{policy: &Policy{ReadWrite: []string{"/tmp"}}, landlock: 2}
	const (
		refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		absent  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
		vfork   = unix.CLONE_VFORK | unix.CLONE_VM | uint64(unix.SIGCHLD)
		thread  = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD
		upper   = 1 << 32 // what the kernel does not look at, or what must not hide the rest
	)
	for _, c := range []struct {
		name string
		in   confinement
		want uint32
		nr   uint32
		args []uint64
	}{
		{"read", nothing, allow, unix.SYS_READ, nil},
		{"exit", nothing, allow, unix.SYS_EXIT_GROUP, nil},
		{"last", nothing, allow, lastCall, nil},
		{"newer", nothing, absent, lastCall + 1, nil},
		{"x32", nothing, absent, 0x40000000 | unix.SYS_READ, nil},
		{"open", nothing, allow, unix.SYS_OPENAT, nil},
		{"open without Landlock", bare, unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES), unix.SYS_OPENAT, nil},
		{"link without Landlock", bare, unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES), unix.SYS_READLINKAT, nil},
		{"directory without Landlock", bare, unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES), unix.SYS_CHDIR, nil},
		{"link", nothing, allow, unix.SYS_READLINKAT, nil},
		{"a thread's locks", bare, refused, unix.SYS_GET_ROBUST_LIST, []uint64{1}},
		{"open for nothing", nothing, unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES), unix.SYS_OPENAT, []uint64{0, 0, unix.O_ACCMODE | unix.O_CLOEXEC | upper}},
		{"socket", nothing, refused, unix.SYS_SOCKET, []uint64{unix.AF_INET}},
		{"granted socket", network, allow, unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC}},
		{"raw socket", network, refused, unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_RAW}},
		{"local socket", network, refused, unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_STREAM}},
		{"vfork", nothing, refused, unix.SYS_CLONE, []uint64{vfork}},
		{"vfork granted", programs, allow, unix.SYS_CLONE, []uint64{vfork}},
		{"thread", nothing, allow, unix.SYS_CLONE, []uint64{thread}},
		{"thread with its own descriptors", nothing, refused, unix.SYS_CLONE, []uint64{thread &^ unix.CLONE_FILES}},
		{"thread with its own descriptors granted", programs, refused, unix.SYS_CLONE, []uint64{thread &^ unix.CLONE_FILES}},
		{"close", nothing, allow, unix.SYS_CLOSE_RANGE, []uint64{3, 9, unix.CLOSE_RANGE_CLOEXEC | upper}},
		{"own descriptors", nothing, refused, unix.SYS_CLOSE_RANGE, []uint64{3, 9, unix.CLOSE_RANGE_UNSHARE | unix.CLOSE_RANGE_CLOEXEC | upper}},
		{"own descriptors granted", programs, refused, unix.SYS_CLOSE_RANGE, []uint64{3, 9, unix.CLOSE_RANGE_UNSHARE}},
		{"thread in a namespace", nothing, refused, unix.SYS_CLONE, []uint64{thread | unix.CLONE_NEWNS}},
		{"namespace", programs, refused, unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | upper}},
		{"sibling", programs, refused, unix.SYS_CLONE, []uint64{unix.CLONE_PARENT}},
		{"clone3", nothing, absent, unix.SYS_CLONE3, nil},
		{"execve", nothing, refused, unix.SYS_EXECVE, nil},
		{"execve granted", programs, allow, unix.SYS_EXECVE, nil},
		{"execveat", nothing, refused, unix.SYS_EXECVEAT, []uint64{3, 0, 0, 0, unix.AT_EMPTY_PATH}},
		{"execveat with half the secret", nothing, refused, unix.SYS_EXECVEAT, []uint64{3, 0, 0, 0, unix.AT_EMPTY_PATH, 2}},
		{"execveat with the other half", nothing, refused, unix.SYS_EXECVEAT, []uint64{3, 0, 0, 0, unix.AT_EMPTY_PATH, 1 << 32}},
		{"execveat with the secret", nothing, allow, unix.SYS_EXECVEAT, []uint64{3, 0, 0, 0, unix.AT_EMPTY_PATH, 1<<32 | 2}},
		{"execveat granted", programs, refused, unix.SYS_EXECVEAT, []uint64{3, 0, 0, 0, unix.AT_EMPTY_PATH, 1<<32 | 2}},
		{"setpgid", nothing, refused, unix.SYS_SETPGID, nil},
		{"setpgid granted", programs, refused, unix.SYS_SETPGID, nil},
		{"seccomp", nothing, refused, unix.SYS_SECCOMP, []uint64{unix.SECCOMP_SET_MODE_FILTER}},
		{"seccomp granted", programs, refused, unix.SYS_SECCOMP, []uint64{unix.SECCOMP_SET_MODE_FILTER}},
		{"seccomp by prctl", nothing, refused, unix.SYS_PRCTL, []uint64{unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER}},
		{"tgkill", nothing, refused, unix.SYS_TGKILL, []uint64{1, 1, uint64(unix.SIGKILL)}},
		{"tgkill of the host's C library", nothing, refused, unix.SYS_TGKILL, []uint64{1, 1, 33}},
		{"tgkill of an own thread", nothing, allow, unix.SYS_TGKILL, []uint64{ownProcess, 1, uint64(unix.SIGURG)}},
		{"tgkill in the sandbox", programs, allow, unix.SYS_TGKILL, []uint64{1, 1, uint64(unix.SIGURG)}},
		{"tgkill without a scope", unscoped, refused, unix.SYS_TGKILL, []uint64{1, 1, uint64(unix.SIGURG)}},
		{"kill", nothing, refused, unix.SYS_KILL, []uint64{1, uint64(unix.SIGKILL)}},
		{"kill a group", programs, refused, unix.SYS_KILL, []uint64{0, uint64(unix.SIGKILL)}},
		{"kill itself", nothing, allow, unix.SYS_KILL, []uint64{ownProcess, uint64(unix.SIGKILL)}},
		{"prctl", nothing, allow, unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME}},
		{"death signal", nothing, allow, unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG, uint64(unix.SIGKILL)}},
		{"no death signal", nothing, refused, unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG | upper, 0}},
		{"dumpable", nothing, refused, unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE}},
		{"subreaper", programs, refused, unix.SYS_PRCTL, []uint64{unix.PR_SET_CHILD_SUBREAPER, 1}},
		{"unknown option", nothing, refused, unix.SYS_PRCTL, []uint64{12345}},
		{"setuid", nothing, refused, unix.SYS_SETRESUID, nil},
		{"read limit", nothing, allow, unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_NOFILE, 0, 1}},
		{"write limit", nothing, refused, unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_NOFILE, 8}},
		{"write limit high", nothing, refused, unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_NOFILE, upper}},
		{"another's limit", nothing, refused, unix.SYS_PRLIMIT64, []uint64{1, unix.RLIMIT_NOFILE, 0}},
		{"terminal input", nothing, refused, unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI | upper}},
		{"ioctl", nothing, allow, unix.SYS_IOCTL, []uint64{0, unix.TIOCGWINSZ}},
		{"file owner", nothing, refused, unix.SYS_FCNTL, []uint64{0, unix.F_SETOWN_EX}},
		{"fcntl", nothing, allow, unix.SYS_FCNTL, []uint64{0, unix.F_GETFL}},
		{"private memory", limited, allow, unix.SYS_MMAP, []uint64{0, 1, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS}},
		{"shared memory", limited, refused, unix.SYS_MMAP, []uint64{0, 1, 3, unix.MAP_SHARED | unix.MAP_ANONYMOUS}},
		{"shared file", limited, allow, unix.SYS_MMAP, []uint64{0, 1, 3, unix.MAP_SHARED}},
		{"stack", limited, refused, unix.SYS_MMAP, []uint64{0, 1, 3, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_GROWSDOWN}},
		{"shared memory without limit", nothing, allow, unix.SYS_MMAP, []uint64{0, 1, 3, unix.MAP_SHARED | unix.MAP_ANONYMOUS}},
		{"shadow stack", limited, refused, unix.SYS_MAP_SHADOW_STACK, []uint64{0, 1 << 30, 1}},
		{"truncate", nothing, refused, unix.SYS_TRUNCATE, nil},
		{"truncate granted", writable, allow, unix.SYS_TRUNCATE, nil},
		{"truncate unseen by Landlock", old, refused, unix.SYS_TRUNCATE, nil},
		{"fchmod", nothing, refused, unix.SYS_FCHMOD, nil},
		{"fchmod granted", writable, refused, unix.SYS_FCHMOD, nil},
	} {
		got, _ := c.in.filter().run(t, auditArch, c.nr, c.args...)
		assert.Equal(t, c.want, got, c.name)
	}
	got, _ := nothing.filter().run(t, auditArch^1, unix.SYS_READ)
	assert.Equalf(t, uint32(kill), got, "another architecture: verdict is %#x, want %#x", got, uint32(kill))
}

// TestSecretUntimed: a refusal takes as many instructions however much of the secret was right.
func TestSecretUntimed(t *testing.T) {
	t.Parallel()
	c := confinement{policy: &Policy{}, landlock: 7, secret: 0x0123456789abcdef}
	steps := map[int]bool{}
	for _, guess := range []uint64{0, c.secret & 0xffffffff, c.secret &^ 0xffffffff, c.secret ^ 1, c.secret ^ 1<<63} {
		verdict, n := c.filter().run(t, auditArch, unix.SYS_EXECVEAT, 3, 0, 0, 0, unix.AT_EMPTY_PATH, guess)
		assert.Equalf(t, deny(unix.EPERM), verdict, "%v", guess)
		steps[n] = true
	}
	assert.Lenf(t, steps, 1, "refusals take %v instructions", steps)
}

// TestFilterDenies looks for every listed call, because a call that is listed under two rules, or
// lost in the search, would not be seen.
func TestFilterDenies(t *testing.T) {
	t.Parallel()
	f := (confinement{policy: &Policy{}, landlock: 7}).filter()
	listed := slices.Concat(kernelCalls, metadataCalls, legacyKernelCalls, legacyMetadataCalls)
	steps := 0
	for _, nr := range listed {
		got, n := f.run(t, auditArch, nr)
		steps = max(steps, n)
		assert.Equalf(t, deny(unix.EPERM), got, "%v", nr)
	}
	assert.LessOrEqualf(t, steps, 16, "the longest way through the filter has %d instructions", steps)
	slices.Sort(listed)
	assert.Len(t, slices.Compact(slices.Clone(listed)), len(listed), "a call is listed twice")
}

// TestAssembleFar makes blocks so long that a conditional jump cannot cross them.
func TestAssembleFar(t *testing.T) {
	t.Parallel()
	var rules []rule
	for nr := range uint32(40) {
		rules = append(rules, rule{10 + 2*nr, oneOf(0, []uint32{1, 2, 3, 4, 5, 6, 7, 8, nr + 100}, kill, deny(unix.Errno(nr)))})
	}
	f := assemble(1, 200, rules)
	for nr := range uint32(40) {
		got, _ := f.run(t, 1, 10+2*nr)
		hit, _ := f.run(t, 1, 10+2*nr, uint64(nr+100))
		between, _ := f.run(t, 1, 11+2*nr)
		assert.Equal(t, deny(unix.Errno(nr)), got)
		assert.Equal(t, uint32(kill), hit)
		assert.Equal(t, uint32(allow), between)
	}
}
