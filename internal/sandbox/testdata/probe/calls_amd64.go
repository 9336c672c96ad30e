package main

// Numbers of system calls that package syscall does not have.
const (
	sysSeccomp  = 317
	sysExecveat = 322
)
