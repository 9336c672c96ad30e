package sandbox

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a program under a policy, with as much of it in force as the system offers; see
// [Process.Isolation]. It does not wait for the program to do anything. The caller calls
// [Process.Kill] or lets the program end; [Process.Wait] need not be called.
//
// The program leads a process group of its own and is killed when the host ends, however it ends.
func Start(cmd Command, p Policy) (*Process, error) {
	process, err := start(detect(), cmd, &p)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return process, nil
}

// start is Start with what the system offers, or what a test says that it does.
func start(f features, cmd Command, p *Policy) (*Process, error) {
	c := child{exe: int(cmd.Exe.Fd()), ruleset: -1, warden: warden{exe: -1}, highest: -1, eachFile: f.closeRange != nil}
	null, err := c.setFiles(cmd.Files)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	if err := c.setCommand(cmd); err != nil {
		return nil, err
	}
	if err := c.setPolicy(f, cmd.Exe, p); err != nil {
		return nil, err
	}
	defer unix.Close(c.ruleset)
	defer unix.Close(c.warden.exe)
	socket := -1
	if asking := c.confinement(f, p).asking(); asking != nil && f.supervisor == nil {
		if socket, err = c.setAsking(asking); err != nil {
			return nil, err
		}
		defer unix.Close(socket)
		defer unix.Close(c.asking.socket)
	}

	if cmd.Ready != nil {
		if err := cmd.Ready(); err != nil {
			return nil, err
		}
	}
	process := &Process{ended: make(chan struct{})}
	process.starter, err = startOn(func() (err error) {
		process.pid, err = c.start()
		return err
	})
	runtime.KeepAlive(cmd) // its files' descriptors were in use until now
	if err == nil {
		process.warden = c.outcome.warden
		go process.await()
	}
	var failed failure
	switch {
	case err == nil:
		f = f.after(c.outcome)
		process.isolation = f.isolation(p)
		if err := process.keepLimits(f, p, socket); err != nil {
			process.Kill()
			return nil, err
		}
		return process, nil
	case errors.As(err, &failed) && failed.step == stepExec:
		return nil, &os.PathError{Op: "start", Path: cmd.name(), Err: failed}
	case errors.As(err, &failed) && failed.step == stepDir:
		return nil, &os.PathError{Op: "chdir", Path: cmd.Dir, Err: failed.errno}
	}
	return nil, err
}

// keepLimits begins to keep the program within its limits.
func (p *Process) keepLimits(f features, policy *Policy, socket int) error {
	programs := policy.Programs || f.seccomp != nil
	measure := func() (m meter, err error) {
		m = meter{group: p.pid, programs: programs, limits: policy.Limits, most: policy.Limits.most()}
		if !programs {
			err = m.open()
		}
		return m, err
	}
	supervised := f.supervisor == nil && socket >= 0
	if supervised {
		listener, err := receiveListener(socket)
		if err != nil {
			return fmt.Errorf("supervisor: %w", err)
		}
		m, err := measure()
		if err != nil {
			listener.Close()
			return err
		}
		go p.supervise(&supervisor{listener: listener, meter: m, limits: policy.Limits, last: usage{processes: 1, tasks: 1}})
	}
	if policy.Limits.Memory > 0 || !supervised && (programs || policy.Limits.Processes > 0) {
		m, err := measure()
		if err != nil {
			return err
		}
		go p.keepWithin(m, !supervised)
	}
	return nil
}

// name is what the program sees as its own name.
func (cmd Command) name() string {
	if len(cmd.Args) == 0 {
		return cmd.Exe.Name()
	}
	return cmd.Args[0]
}

// setFiles arranges the descriptors. The caller closes the null device, if it is needed, after the
// start.
func (c *child) setFiles(files []*os.File) (null *os.File, err error) {
	for i := range max(3, len(files)) {
		var f *os.File
		if i < len(files) {
			f = files[i]
		}
		if f == nil && null == nil {
			if null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
				return nil, err
			}
		}
		if f == nil {
			f = null
		}
		c.files = append(c.files, int(f.Fd()))
	}
	return null, nil
}

// setCommand makes what execve reads.
func (c *child) setCommand(cmd Command) (err error) {
	args := cmd.Args
	if len(args) == 0 {
		args = []string{cmd.name()}
	}
	if c.argv, err = syscall.SlicePtrFromStrings(args); err != nil {
		return &os.PathError{Op: "start", Path: args[0], Err: err}
	}
	if c.envp, err = syscall.SlicePtrFromStrings(cmd.Env); err != nil {
		return &os.PathError{Op: "start", Path: args[0], Err: fmt.Errorf("environment: %w", err)}
	}
	if cmd.Dir != "" {
		c.dir, err = syscall.BytePtrFromString(cmd.Dir)
	}
	return err
}

// setPolicy makes the restrictions. The caller closes the ruleset, if any, after the start.
func (c *child) setPolicy(f features, exe *os.File, p *Policy) (err error) {
	if c.limits, err = p.Limits.rlimits(); err != nil {
		return err
	}
	// The kernel takes the death signal from who starts a program with two users or groups, as it
	// does from set-uid programs.
	c.user, c.group = uintptr(os.Geteuid()), uintptr(os.Getegid())
	c.oneUser = os.Getuid() != os.Geteuid() || os.Getgid() != os.Getegid()
	if p.Programs && f.warden == nil {
		c.setWarden()
	}
	c.ownMounts = f.mounts == nil && p.grantsFiles()
	if f.capabilities == nil {
		if c.capabilities, err = keptPrivileges(p.grantsFiles()); err != nil {
			return err
		}
	}
	if f.seccomp == nil {
		c.secret = secret()
		c.filter = c.confinement(f, p).filter()
		c.own = c.filter.comparisons(ownProcess)
		c.program = unix.SockFprog{Len: uint16(len(c.filter)), Filter: &c.filter[0]}
	}
	if f.landlock > 0 {
		c.ruleset, err = f.ruleset(exe, p)
	}
	return err
}

func (c *child) confinement(f features, p *Policy) confinement {
	return confinement{policy: p, landlock: f.landlock, secret: c.secret}
}

// secret returns a number that nobody can guess.
func secret() uint64 {
	var b [8]byte
	rand.Read(b[:]) // ends the host rather than fail
	return binary.NativeEndian.Uint64(b[:])
}
