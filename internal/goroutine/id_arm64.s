//go:build unix

#include "textflag.h"

// func self() uintptr
TEXT ·self(SB), NOSPLIT, $0-8
	MOVD g, ret+0(FP)
	RET

// func word(at uintptr) uint64
TEXT ·word(SB), NOSPLIT, $0-16
	MOVD at+0(FP), R0
	MOVD (R0), R0
	MOVD R0, ret+8(FP)
	RET
