package sandbox

const wardenMachine = uint16(183)

// wardenCode waits for the signal, and then kills the process group.
var wardenCode = []uint32{
	0xd2804009, //        mov  x9, 1<<(SIGUSR1-1)
	0xf81f0fe9, //        str  x9, [sp, -16]!
	0x910003e0, // again: mov  x0, sp
	0xaa1f03e1, //        mov  x1, xzr
	0xaa1f03e2, //        mov  x2, xzr
	0xd2800103, //        mov  x3, 8
	0xd2801128, //        mov  x8, rt_sigtimedwait
	0xd4000001, //        svc  0
	0x7100281f, //        cmp  w0, SIGUSR1
	0x54ffff21, //        b.ne again
	0xaa1f03e0, //        mov  x0, xzr
	0xd2800121, //        mov  x1, SIGKILL
	0xd2801028, //        mov  x8, kill
	0xd4000001, //        svc  0
	0x17fffff4, //        b    again
}
