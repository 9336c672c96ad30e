package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	const memory = 256 << 20
	o := attempt(t, Policy{Limits: Limits{Memory: memory}}, "memory=67108864", fmt.Sprint("shared=", memory*2), fmt.Sprint("stack=", memory*2), fmt.Sprint("memory=", memory*2))
	o.want(t, "memory=67108864", permitted)
	if !o.lacks(t, "kernel") {
		o.want(t, fmt.Sprint("shared=", memory*2), refusedBy)
		o.want(t, fmt.Sprint("stack=", memory*2), refusedBy)
	}
	if o.state.Code != 2 { // out of memory, a fatal error of the runtime
		t.Errorf("state is %v, output:\n%s", o.state, o.text)
	}

	dir := t.TempDir()
	small, big := filepath.Join(dir, "small")+",1000", filepath.Join(dir, "big")+",100000"
	o = attempt(t, Policy{ReadWrite: []string{dir}, Limits: Limits{FileSize: 4096}}, "grow="+small, "grow="+big)
	o.want(t, "grow="+small, permitted)
	o.want(t, "grow="+big, "file too large")
	if info, err := os.Stat(filepath.Join(dir, "big")); err != nil || info.Size() > 4096 {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}

	// Room on the disk beyond the size of a file is none that a limit of sizes covers.
	room := func(mode int, size int) string { return fmt.Sprintf("allocate=%d,%s/room,%d", mode, dir, size) }
	const keepSize, punchHole, zeroRange, unshareRange = 1, 2, 16, 64
	refused := []string{room(keepSize, 100_000), room(zeroRange|keepSize, 100_000), room(unshareRange|keepSize, 100_000), room(keepSize, 100)}
	o = attempt(t, Policy{ReadWrite: []string{dir}, Limits: Limits{FileSize: 4096}}, append(refused, room(0, 4096), room(keepSize|punchHole, 100))...)
	if !o.lacks(t, "kernel") {
		o.wantAll(t, "operation not supported", refused...)
	}
	var disk syscall.Stat_t
	if err := syscall.Stat(filepath.Join(dir, "room"), &disk); err != nil || disk.Blocks*512 > 64<<10 {
		t.Errorf("the file has %d blocks, %v", disk.Blocks, err)
	}

	o = attempt(t, Policy{ReadOnly: []string{dir}, Limits: Limits{OpenFiles: 3}}, "list="+dir)
	o.want(t, "list="+dir, "too many open files")
}

func TestThreads(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("RLIMIT_NPROC does not bind root")
	}
	o := attempt(t, Policy{Limits: Limits{Processes: 50}}, "threads=20", "threads=5000")
	o.want(t, "threads=20", permitted)
	if o.state.Code != 2 { // no new thread, a fatal error of the runtime
		t.Errorf("state is %v, output:\n%.2000s", o.state, o.text)
	}
}

// startProbe starts a probe whose output nobody reads.
func startProbe(t testing.TB, attempts ...string) *Process {
	t.Helper()
	process, err := Start(Command{Exe: probe(t), Args: append([]string{"probe"}, attempts...)}, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	return process
}

func TestWait(t *testing.T) {
	t.Parallel()
	process := startProbe(t, "exit=7")
	if state := process.Wait(); state.String() != "exit status 7" {
		t.Errorf("state is %v", state)
	}
	process.Kill()
	process = startProbe(t, "sleep")
	if group, err := syscall.Getpgid(process.Pid()); err != nil || group != process.Pid() {
		t.Errorf("the process is %d, its group %d, %v", process.Pid(), group, err)
	}
	process.Kill()
	process.Kill()
	if state := process.Wait(); state.String() != "signal: killed" {
		t.Errorf("state is %v", state)
	}
	if err := syscall.Kill(process.Pid(), 0); err == nil {
		t.Errorf("process %d is still there", process.Pid())
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("text"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range []Policy{{}, {Programs: true}} {
		_, err = Start(Command{Exe: f, Args: []string{"text"}}, p)
		if want := "sandbox: start text: exec format error"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
		_, err = Start(Command{Exe: probe(t), Args: []string{"probe"}, Dir: "/not/there"}, p)
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got error %v, want %v", err, os.ErrNotExist)
		}
		_, err = Start(Command{Exe: probe(t), Args: []string{"with\x00zero"}}, p)
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("got error %v, want %v", err, syscall.EINVAL)
		}
	}
}

// BenchmarkStart compares the start of a sandboxed program, to its end, with a bare fork and exec.
func BenchmarkStart(b *testing.B) {
	exe := probe(b)
	b.Run("sandbox", func(b *testing.B) {
		for b.Loop() {
			process, err := Start(Command{Exe: exe, Args: []string{"probe"}}, Policy{Limits: Limits{Memory: 1 << 30}})
			if err != nil {
				b.Fatal(err)
			}
			process.Wait()
		}
	})
	b.Run("bare", func(b *testing.B) {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer null.Close()
		fd := null.Fd()
		for b.Loop() {
			pid, err := syscall.ForkExec(exe.Name(), []string{"probe"}, &syscall.ProcAttr{Files: []uintptr{fd, fd, fd}})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
