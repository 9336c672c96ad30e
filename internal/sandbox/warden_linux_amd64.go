package sandbox

const wardenMachine = uint16(62)

// wardenCode waits for the signal, and then kills the process group.
var wardenCode = []byte{
	0x68, 0x00, 0x02, 0x00, 0x00, //             push 1<<(SIGUSR1-1)
	0x48, 0x89, 0xe7, //                   again: mov  rdi, rsp
	0x31, 0xf6, //                               xor  esi, esi
	0x31, 0xd2, //                               xor  edx, edx
	0x41, 0xba, 0x08, 0x00, 0x00, 0x00, //       mov  r10d, 8
	0xb8, 0x80, 0x00, 0x00, 0x00, //             mov  eax, rt_sigtimedwait
	0x0f, 0x05, //                               syscall
	0x83, 0xf8, 0x0a, //                         cmp  eax, SIGUSR1
	0x75, 0xe7, //                               jne  again
	0x31, 0xff, //                               xor  edi, edi
	0xbe, 0x09, 0x00, 0x00, 0x00, //             mov  esi, SIGKILL
	0xb8, 0x3e, 0x00, 0x00, 0x00, //             mov  eax, kill
	0x0f, 0x05, //                               syscall
	0xeb, 0xd7, //                               jmp  again
}
