package wire

import "syscall"

// yield lets another thread that waits for this processor run, which may be the other side's. Where
// none waits it costs less than a microsecond.
func yield() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
