package goprocess

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/loadgo/load"
)

// Memory implements [load.Measurable]: the resident memory of the child, its shared read-only pages included, where
// the system has /proc.
func (i *instance) Memory() load.Memory {
	pid := i.process.child.Pid()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	select {
	case <-i.process.ended: // the number may be another's by now
		return load.Memory{}
	default:
	}
	if err != nil {
		return load.Memory{}
	}
	return load.Memory{Now: statusField(status, "VmRSS:"), Peak: statusField(status, "VmHWM:"), From: "resident memory of process " + strconv.Itoa(pid)}
}

// statusField returns a size of /proc/<pid>/status in bytes; 0 where there is none.
func statusField(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
