package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// Calls of this architecture that newer ones replace, or that newer architectures do not have.
var (
	legacyKernelCalls = []uint32{
		unix.SYS_INOTIFY_INIT, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS__SYSCTL,
		unix.SYS_CREATE_MODULE, unix.SYS_GET_KERNEL_SYMS, unix.SYS_QUERY_MODULE, unix.SYS_NFSSERVCTL,
	}
	legacyMetadataCalls = []uint32{
		unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT, unix.SYS_SYMLINK,
	}
	legacyOpenCalls = []uint32{
		unix.SYS_OPEN, unix.SYS_CREAT, unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_UNLINK, unix.SYS_RENAME, unix.SYS_LINK, unix.SYS_MKNOD,
		unix.SYS_READLINK,
	}
	legacyModeCalls = []modeCall{
		{nr: unix.SYS_OPEN, arg: 2, flags: 1}, {nr: unix.SYS_CREAT, arg: 1}, {nr: unix.SYS_MKDIR, arg: 1}, {nr: unix.SYS_MKNOD, arg: 1, node: true},
	}
	legacyForkCalls = []uint32{unix.SYS_FORK, unix.SYS_VFORK}
)
