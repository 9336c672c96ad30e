package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// This architecture began without the calls that newer ones replace.
var (
	legacyKernelCalls   []uint32
	legacyMetadataCalls []uint32
	legacyOpenCalls     []uint32
	legacyModeCalls     []modeCall
	legacyForkCalls     []uint32
)
