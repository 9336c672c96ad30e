package main

// Numbers of system calls that package syscall does not have.
const (
	sysSeccomp  = 277
	sysExecveat = 281
)
