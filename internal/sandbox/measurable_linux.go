package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// canMeasure returns why what a program uses cannot be measured, or nil. A program that starts
// others makes processes that nobody may look into, by running what it may not read; where /proc
// hides processes (hidepid), these are neither found nor measured without a capability.
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
