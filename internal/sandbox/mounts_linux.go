package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kernelSystems are file systems whose files are the kernel's, not data: to write to one may change
// the machine, to read one may tell of every process.
var kernelSystems = map[string]bool{
	"proc": true, "sysfs": true, "devtmpfs": true, "devpts": true, "cgroup": true, "cgroup2": true, "mqueue": true, "nsfs": true,
	"debugfs": true, "tracefs": true, "securityfs": true, "configfs": true, "selinuxfs": true, "smackfs": true, "apparmorfs": true,
	"bpf": true, "efivarfs": true, "pstore": true, "resctrl": true, "binfmt_misc": true, "binder": true, "fusectl": true,
	"rpc_pipefs": true, "nfsd": true, "functionfs": true,
}

// kernelMounts are the mounts of such file systems: by their device, and by each directory that
// they lie below.
type kernelMounts struct {
	on    map[uint64]string
	below map[fileID]string
}

// fileID is one file, whatever leads to it.
type fileID struct{ device, inode uint64 }

func idOf(stat *unix.Stat_t) fileID { return fileID{uint64(stat.Dev), stat.Ino} }

// listKernelMounts reads what is mounted now. A directory above a mount is looked up, and not
// compared by name, because a bind mount gives one directory many names.
func listKernelMounts() (kernelMounts, error) {
	mounts := kernelMounts{on: map[uint64]string{}, below: map[fileID]string{}}
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mounts, fmt.Errorf("what is mounted cannot be listed: %w; mount /proc", err)
	}
	for line := range strings.Lines(string(data)) {
		// 36 35 98:0 /root /mount/point options - type source options
		mount, system, _ := strings.Cut(line, " - ")
		kind, _, _ := strings.Cut(system, " ")
		fields := strings.Fields(mount)
		if !kernelSystems[kind] || len(fields) < 5 {
			continue
		}
		point := unescape(fields[4])
		what := fmt.Sprintf("%s is mounted at %s", kind, point)
		major, minor, _ := strings.Cut(fields[2], ":")
		a, _ := strconv.ParseUint(major, 10, 32)
		b, _ := strconv.ParseUint(minor, 10, 32)
		mounts.on[unix.Mkdev(uint32(a), uint32(b))] = what
		for dir := filepath.Dir(point); ; dir = filepath.Dir(dir) {
			var stat unix.Stat_t
			if unix.Stat(dir, &stat) == nil {
				mounts.below[idOf(&stat)] = what
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return mounts, nil
}

// unescape turns the octal escapes of mountinfo into what they stand for.
func unescape(s string) string {
	for _, c := range " \t\n\\#" {
		s = strings.ReplaceAll(s, fmt.Sprintf(`\%03o`, c), string(c))
	}
	return s
}

// refuse returns why a file or directory cannot be granted, or nil.
func (m kernelMounts) refuse(stat *unix.Stat_t) error {
	what, refused := m.on[uint64(stat.Dev)]
	if !refused {
		what, refused = m.below[idOf(stat)]
	}
	if refused {
		return errors.New(what + ", whose files are the kernel's; grant the directories that are needed")
	}
	return nil
}

// canMount returns why a program cannot have mounts of its own, which keep out what is mounted
// later below a granted directory.
func canMount() error {
	now, err := capabilities()
	if err == nil && now[0].Effective&(1<<unix.CAP_SYS_ADMIN) == 0 {
		err = errors.New("what is mounted later below a granted directory is granted, too: to keep it out the host needs CAP_SYS_ADMIN")
	}
	return err
}
