// Package kernelfs knows the file systems whose files are the kernel's, not data: to write to one
// may change the machine or the memory of a process, to read one may tell of every process.
package kernelfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

var systems = map[string]bool{
	"proc": true, "sysfs": true, "devtmpfs": true, "devpts": true, "cgroup": true, "cgroup2": true, "mqueue": true, "nsfs": true,
	"debugfs": true, "tracefs": true, "securityfs": true, "configfs": true, "selinuxfs": true, "smackfs": true, "apparmorfs": true,
	"bpf": true, "efivarfs": true, "pstore": true, "resctrl": true, "binfmt_misc": true, "binder": true, "fusectl": true,
	"rpc_pipefs": true, "nfsd": true, "functionfs": true,
}

// Mounts are the mounts of such file systems: by their device, and by each directory that they lie
// below.
type Mounts struct {
	on    map[uint64]string
	below map[fileID]string
}

// fileID is one file, whatever leads to it.
type fileID struct{ device, inode uint64 }

func idOf(stat *unix.Stat_t) fileID { return fileID{uint64(stat.Dev), stat.Ino} }

// List reads what is mounted now. A directory above a mount is looked up, and not compared by name,
// because a bind mount gives one directory many names.
func List() (Mounts, error) {
	mounts := Mounts{on: map[uint64]string{}, below: map[fileID]string{}}
	err := each(func(device uint64, kind, point string) {
		what := fmt.Sprintf("%s is mounted at %s", kind, point)
		mounts.on[device] = what
		for dir := filepath.Dir(point); ; dir = filepath.Dir(dir) {
			var stat unix.Stat_t
			if unix.Stat(dir, &stat) == nil {
				mounts.below[idOf(&stat)] = what
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	})
	return mounts, err
}

// each calls do for each mount of such a file system.
func each(do func(device uint64, kind, point string)) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("what is mounted cannot be listed: %w; mount /proc", err)
	}
	for line := range strings.Lines(string(data)) {
		// 36 35 98:0 /root /mount/point options - type source options
		mount, system, _ := strings.Cut(line, " - ")
		kind, _, _ := strings.Cut(system, " ")
		fields := strings.Fields(mount)
		if !systems[kind] || len(fields) < 5 {
			continue
		}
		major, minor, _ := strings.Cut(fields[2], ":")
		a, _ := strconv.ParseUint(major, 10, 32)
		b, _ := strconv.ParseUint(minor, 10, 32)
		do(unix.Mkdev(uint32(a), uint32(b)), kind, Unescape(fields[4]))
	}
	return nil
}

// Unescape turns the octal escapes of mountinfo into what they stand for.
func Unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`, `\043`, "#").Replace(s)
}

// Refuse returns why a file or directory cannot be granted, or nil.
func (m Mounts) Refuse(stat *unix.Stat_t) error {
	what, refused := m.on[uint64(stat.Dev)]
	if !refused {
		what, refused = m.below[idOf(stat)]
	}
	if refused {
		return errors.New(what + ", whose files are the kernel's; grant the directories that are needed")
	}
	return nil
}

// Refuse returns why a file or directory of this path cannot be granted, or nil.
func Refuse(path string) error {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return err
	}
	mounts, err := List()
	if err != nil {
		return err
	}
	return mounts.Refuse(&stat)
}

// Has reports whether a device is that of such a file system which is mounted now, or cannot be
// known.
func Has(device uint64) bool {
	found := false
	err := each(func(other uint64, _, _ string) { found = found || other == device })
	return found || err != nil
}
