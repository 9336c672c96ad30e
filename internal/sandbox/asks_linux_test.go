//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// places are a directory for each grant, and one that is not granted, each with a file.
func places(t *testing.T) (readable, writable, other string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	readable, writable, other = filepath.Join(root, "readable"), filepath.Join(root, "writable"), filepath.Join(root, "other")
	for _, dir := range []string{readable, writable, other} {
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o644))
	}
	return readable, writable, other
}

// holdUp are what would hold up, watch or change other users of a file that is open for reading.
var holdUp = []string{
	"lease", "readlease", "notify", "seals", "setflags", "version", "extents", "encryption", "clone",
	"fchmod", "fchown", "fsetxattr", "futimens",
}

var locks = []string{"flock", "lock", "oflock", "getlock"}

func TestReadMeansRead(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		readable, _, other := places(t)
		file := readable + "/file"
		refused := append(of(file, holdUp...), of(file, locks...)...)
		refused = append(refused, of(readable, "notify", "flock", "fchmod", "inotify")...)
		refused = append(refused, "handle="+file, "sync", "pipesize", "vmsplice")
		allowed := of(file, "read", "getflags", "readable")
		hidden := of(other+"/file", "getxattr", "listxattr")
		o := attemptIn(t, f, Command{}, Policy{ReadOnly: []string{readable}}, append(append(append(refused, allowed...), hidden...), "reopen="+other+"/file")...)
		if o.lacks(t, "kernel") {
			return
		}
		o.wantAll(t, refusedBy, refused...)
		o.wantAll(t, permitted, allowed...)
		o.wantAll(t, "operation not supported", hidden...)
		if !o.lacks(t, "files") {
			o.want(t, "reopen="+other+"/file", forbidden)
		}
	})
}

func TestWriteMeansWrite(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		_, writable, _ := places(t)
		file, made := writable+"/file", writable+"/made"
		refused := append(of(file, holdUp...), of(made, "openmode", "opensgid", "mkdirmode", "mknodmode", "device", "fifo", "symlink")...)
		refused = append(refused, "tmpfile="+writable, "whiteout="+file+","+made)
		allowed := append(of(file, locks...), of(made, "plainmode", "remove", "mknod", "remove", "mkdir", "remove")...)
		allowed = append(allowed, "noreplace="+file+","+made, "rename="+made+","+file)
		o := attemptIn(t, f, Command{}, Policy{ReadWrite: []string{writable}}, append(append(refused, "openat2="+made), allowed...)...)
		if o.lacks(t, "kernel") {
			return
		}
		o.wantAll(t, refusedBy, refused...)
		o.want(t, "openat2="+made, unknown)
		if !o.lacks(t, "files") {
			o.wantAll(t, permitted, allowed...)
		}
		left, err := os.ReadDir(writable)
		require.NoError(t, err)
		assert.Len(t, left, 1, "what was made")
	})
}

// TestBothMeanTheNarrower: a filter does not know which grant a descriptor comes from.
func TestBothMeanTheNarrower(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		readable, writable, other := places(t)
		refused := append(of(readable+"/file", holdUp...), of(readable+"/file", locks...)...)
		out := []string{
			"link=" + readable + "/file," + writable + "/linked", "link=" + writable + "/file," + other + "/linked",
			"link=" + other + "/file," + writable + "/linked", "linkpath=" + readable + "/file," + writable + "/linked",
			"rename=" + readable + "/file," + writable + "/moved", "rename=" + writable + "/file," + readable + "/moved",
			"rename=" + writable + "/file," + other + "/moved",
			"exchange=" + writable + "/file," + readable + "/file", "exchange=" + readable + "/file," + writable + "/file",
			"exchange=" + writable + "/file," + other + "/file",
		}
		within := "rename=" + writable + "/file," + writable + "/moved"
		o := attemptIn(t, f, Command{}, Policy{ReadOnly: []string{readable}, ReadWrite: []string{writable}}, append(append(refused, out...), within)...)
		if !o.lacks(t, "kernel") {
			o.wantAll(t, refusedBy, refused...)
		}
		if !o.lacks(t, "files") {
			for _, argument := range out {
				assert.NotEqual(t, permitted, o.results[argument], argument)
			}
			o.want(t, within, permitted)
			for _, dir := range []string{readable, writable, other} {
				left, err := os.ReadDir(dir)
				require.NoError(t, err)
				assert.Len(t, left, 1, dir)
			}
		}
	})
}

// TestConnection: the connection to the host is there for reading and writing, and tells nothing of
// the host.
func TestConnection(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		hostEnd, end := os.NewFile(uintptr(ends[0]), "host"), os.NewFile(uintptr(ends[1]), "program")
		defer hostEnd.Close()
		defer end.Close()
		always := of("3", "interfaces", "interface", "peerpidfd", "peercred", "passcred")
		alone := of("3", "bindname", "sockname", "sendfd")
		o := attemptIn(t, f, Command{Files: []*os.File{end}}, Policy{}, append(append(always, alone...), "writefd=3")...)
		if !o.lacks(t, "kernel") {
			o.wantAll(t, refusedBy, append(always, alone...)...)
		}
		o.want(t, "writefd=3", permitted)
		o = attemptIn(t, f, Command{Files: []*os.File{end}}, Policy{Network: true}, always...)
		if !o.lacks(t, "kernel") {
			o.wantAll(t, refusedBy, always...)
		}
	})
}

func TestNetworkMeansTheInternet(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, f features) {
		option := func(level, name int) string { return fmt.Sprintf("option=%d,%d", level, name) }
		allowed := []string{
			"protocol=0", "protocol=6", option(unix.SOL_SOCKET, unix.SO_KEEPALIVE), option(unix.SOL_SOCKET, unix.SO_REUSEADDR),
			option(unix.SOL_TCP, unix.TCP_NODELAY), option(unix.SOL_IP, unix.IP_TTL),
		}
		refused := []string{
			"protocol=132", "protocol=33", "raw", option(unix.SOL_SOCKET, unix.SO_MARK), option(unix.SOL_SOCKET, unix.SO_ZEROCOPY),
			option(unix.SOL_SOCKET, unix.SO_BINDTODEVICE), option(unix.SOL_SOCKET, unix.SO_ATTACH_FILTER), option(unix.SOL_SOCKET, unix.SO_LINGER), option(unix.SOL_TCP, unix.TCP_ULP),
			option(unix.SOL_IP, 64), option(unix.SOL_TCP, unix.SO_KEEPALIVE<<8), option(263, 1),
		}
		o := attemptIn(t, f, Command{}, Policy{Network: true}, append(allowed, refused...)...)
		o.wantAll(t, permitted, allowed...)
		if !o.lacks(t, "kernel") {
			o.wantAll(t, refusedBy, refused...)
		}
	})
}

// TestAsksLists goes through every number of the lists, and those beside them, as the filter sees
// them.
func TestAsksLists(t *testing.T) {
	t.Parallel()
	const refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	verdict := func(p Policy, nr uint32, args ...uint64) uint32 {
		got, _ := (confinement{policy: &p, landlock: 7}).filter().run(t, auditArch, nr, args...)
		return got
	}
	for _, o := range options {
		for name := range uint32(300) {
			want := refused
			for _, n := range o.names {
				if n == name {
					want = allow
				}
			}
			got := verdict(Policy{Network: true}, unix.SYS_SETSOCKOPT, 3, uint64(o.level), uint64(name))
			require.Equal(t, want, got, "level %d, option %d", o.level, name)
		}
	}
	for number := range uint64(1 << 16) {
		if number >= 1<<12 && number < 1<<14 {
			continue
		}
		want := refused
		for _, n := range everyIoctl {
			if uint64(n) == number {
				want = allow
			}
		}
		require.Equal(t, want, verdict(Policy{ReadWrite: []string{"/tmp"}}, unix.SYS_IOCTL, 0, number), "ioctl %#x", number)
		if number > 0x5500 {
			break
		}
	}
	memory := Policy{Limits: Limits{Memory: 1}}
	for call, want := range map[string]uint32{"mprotect": refused, "pkey_mprotect": refused, "mremap": refused, "vmsplice": refused} {
		nr := map[string]uint32{"mprotect": unix.SYS_MPROTECT, "pkey_mprotect": unix.SYS_PKEY_MPROTECT, "mremap": unix.SYS_MREMAP, "vmsplice": unix.SYS_VMSPLICE}[call]
		assert.Equal(t, want, verdict(memory, nr, 0, 4096, unix.PROT_READ), call)
	}
	assert.Equal(t, uint32(allow), verdict(memory, unix.SYS_MPROTECT, 0, 4096, unix.PROT_READ|unix.PROT_WRITE))
	assert.Equal(t, uint32(allow), verdict(Policy{}, unix.SYS_MPROTECT, 0, 4096, unix.PROT_READ))
}
