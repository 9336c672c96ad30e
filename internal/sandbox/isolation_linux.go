package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadgo/load/engine"
)

// Probe tells what would be in force for a program that is started here under a policy, by what the
// system says that it offers. It starts nothing.
func Probe(p Policy) engine.Isolation { return detect().isolation(&p) }

// Try is Probe once it has tried: a process takes every restriction on and then starts the host's
// own program with an environment that the kernel does not accept. Where a start would fail nothing
// is in force.
func Try(p Policy) engine.Isolation {
	f, err := detect().try(&p)
	if err != nil {
		return Unavailable(p, fmt.Errorf("a program cannot be started: %w", err))
	}
	return f.isolation(&p)
}

// try returns the features with what the attempt has told of them.
func (f features) try(p *Policy) (features, error) {
	path, err := os.Executable()
	if err != nil { // there is no /proc
		path, err = exec.LookPath(os.Args[0])
	}
	if err != nil {
		return f, err
	}
	exe, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer exe.Close()
	const tooLong = 4 << 20 // bytes of one variable, on systems with pages of 64 KiB too
	process, err := start(f, Command{Exe: exe, Env: []string{strings.Repeat("x", tooLong)}}, p)
	var outcome failure
	switch {
	case err == nil:
		process.Kill()
		return f, nil
	case errors.As(err, &outcome) && outcome.errno == unix.E2BIG:
		return f.after(outcome), nil
	}
	return f, err
}

// isolation describes what is in force under a policy with these features.
func (f features) isolation(p *Policy) engine.Isolation {
	return isolation([]engine.Measure{
		f.files(p), f.network(p), f.programs(p), f.processes(p), f.signals(), f.memory(p),
		measure("kernel", "seccomp", f.seccomp), f.privileges(), f.death(p),
	})
}

// measure is in force by how, unless there is a reason against.
func measure(name, how string, against error) engine.Measure {
	if against != nil {
		return engine.Measure{Name: name, Why: against.Error()}
	}
	return engine.Measure{Name: name, InForce: true, How: how}
}

func (f features) landlockName() string { return fmt.Sprintf("landlock abi %d", f.landlock) }

func (f features) files(p *Policy) engine.Measure {
	m := measure("files", f.landlockName(), f.noLandlock)
	if f.seccomp == nil && (confinement{policy: p, landlock: f.landlock}).withoutFiles() {
		m = measure("files", "seccomp", nil)
	}
	m.Granted = p.grantsFiles()
	if m.InForce && m.Granted && f.mounts != nil {
		m.Why = f.mounts.Error()
	}
	return m
}

func (f features) network(p *Policy) engine.Measure {
	if p.Network {
		return engine.Measure{Name: "network", Granted: true}
	}
	how := "seccomp"
	if f.landlock >= 4 {
		how = f.landlockName() + ", " + how
	}
	return measure("network", how, f.seccomp)
}

func (f features) programs(p *Policy) engine.Measure {
	if p.Programs { // those of granted directories, where Landlock can tell
		m := measure("programs", f.landlockName(), f.noLandlock)
		m.Granted = true
		return m
	}
	return measure("programs", "seccomp", f.seccomp)
}

func (f features) processes(p *Policy) engine.Measure {
	if uncounted := canMeasure(p.Programs); uncounted != nil && (p.Programs || p.Limits.Processes > 0) {
		return engine.Measure{Name: "processes", Why: "how many there are cannot be counted: " + uncounted.Error()}
	}
	if p.Programs {
		m := engine.Measure{Name: "processes", How: f.counting(), Granted: true}
		if f.seccomp != nil {
			m.Why = f.seccomp.Error() + "; processes can leave the group that is killed with the program"
		}
		return m
	}
	m := measure("processes", "seccomp", f.seccomp)
	if m.InForce && p.Limits.Processes > 0 {
		m.How += ", rlimit, " + f.counting()
	}
	return m
}

// counting is how the number of processes is kept.
func (f features) counting() string {
	if f.supervisor != nil {
		return "counted"
	}
	return "supervised"
}

// signals is in force when no signal reaches a process outside.
func (f features) signals() engine.Measure {
	how := "seccomp"
	if f.landlock >= landlockSignals {
		how = f.landlockName() + ", " + how
	}
	return measure("signals", how, f.seccomp)
}

// memory is in force where all that the program can use is counted.
func (f features) memory(p *Policy) engine.Measure {
	if p.Limits.Memory <= 0 {
		return engine.Measure{Name: "memory", Granted: true}
	}
	m := engine.Measure{Name: "memory", How: "rlimit, measured"}
	place := filesInMemory(p)
	unmeasured := canMeasure(p.Programs || f.seccomp != nil)
	switch {
	case unmeasured != nil:
		m.Why = "what the program uses cannot be measured: " + unmeasured.Error()
	case f.seccomp != nil:
		m.Why = f.seccomp.Error() + "; the program can have memory that is not counted"
	case f.landlock == 0 && !(confinement{policy: p}).withoutFiles():
		m.Why = f.noLandlock.Error() + "; the program can write files that are memory"
	case place != "":
		m.Why = "the files of " + place + ", which may be written, are memory that is not counted; grant a directory on a disk"
	default:
		m.InForce = true
	}
	return m
}

func (f features) privileges() engine.Measure {
	m := measure("privileges", "no new privileges, no capabilities", f.capabilities)
	if !m.InForce {
		m.How = "no new privileges"
	}
	return m
}

// death is in force when neither the program nor what it has started can outlive its host.
func (f features) death(p *Policy) engine.Measure {
	const signal = "parent death signal"
	if !p.Programs {
		return measure("death", signal, nil)
	}
	against := f.warden
	if f.seccomp != nil {
		against = noWarden(fmt.Errorf("they can leave their process group: %w", f.seccomp))
	}
	m := measure("death", signal+", warden of the process group", against)
	if against != nil {
		m.How, m.Granted = signal, true
	}
	return m
}
