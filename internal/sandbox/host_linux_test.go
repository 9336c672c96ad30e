package sandbox

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const hostArgument = "host-of-a-sandbox"

// host is a process between the test and a probe, the program at path: it starts the probe, tells its
// process id and how programs are kept from it, and waits for nothing.
func host(path string) {
	exe, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	probed := Probe(Policy{})
	process, err := Start(Command{Exe: exe, Args: []string{"probe", "sleep"}}, Policy{})
	if err != nil {
		panic(err)
	}
	if !reflect.DeepEqual(probed, process.Isolation()) {
		panic(fmt.Sprintf("Probe said %v, Isolation says %v", probed, process.Isolation()))
	}
	fmt.Println(process.Pid(), process.Isolation().Level)
	fmt.Println(Missing(process.Isolation()))
	select {}
}

// TestHostKilled kills a host as nothing can prevent.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	path, err := builtProbe()
	if err != nil {
		t.Fatal(err)
	}
	middle := exec.Command(os.Args[0], hostArgument, path)
	middle.Stderr = os.Stderr
	out, err := middle.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := middle.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	number, _, _ := strings.Cut(line, " ")
	pid, numberErr := strconv.Atoi(number)
	if err != nil || numberErr != nil {
		t.Fatalf("the host said %q: %v", line, err)
	}
	middle.Process.Kill()
	middle.Wait()
	eventually(t, func() string {
		// Whoever adopts the process may leave it unreaped.
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return ""
		}
		return "the program outlives its host: " + string(stat)
	})
}

// TestListenerBusy starts a program in a host that is itself supervised, as some containers are.
func TestListenerBusy(t *testing.T) {
	t.Parallel()
	path, err := builtProbe()
	if err != nil {
		t.Fatal(err)
	}
	if f := detect(); f.listener != nil {
		t.Skip(f.listener)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	type started struct {
		pid, listener int
		err           error
	}
	result := make(chan started)
	stdout, stderr := in.Fd(), os.Stderr.Fd()
	onOwnThread(func() {
		var s started
		if s.err = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); s.err == nil {
			s.listener, s.err = (filter{ret(allow)}).load(true)
		}
		if s.err == nil {
			s.pid, s.err = syscall.ForkExec(os.Args[0], []string{os.Args[0], hostArgument, path}, &syscall.ProcAttr{Files: []uintptr{stdout, stdout, stderr}})
		}
		result <- s
	})
	s := <-result
	in.Close()
	if s.err != nil {
		t.Fatal(s.err)
	}
	defer unix.Close(s.listener)
	reader := bufio.NewReader(out)
	first, _ := reader.ReadString('\n')
	second, err := reader.ReadString('\n')
	syscall.Kill(s.pid, syscall.SIGKILL)
	syscall.Wait4(s.pid, nil, 0, nil)
	if err != nil || !strings.HasSuffix(first, " partial\n") || !strings.Contains(second, errListenerBusy.Error()) {
		t.Errorf("the host said %q and %q, %v", first, second, err)
	}
}

func TestHostStaysFree(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 10 {
		process := startProbe(t, "sleep")
		defer process.Kill()
		all.Go(func() {
			if _, err := os.ReadFile("/etc/passwd"); err != nil {
				t.Error(err)
			}
			if out, err := exec.Command("go", "env", "GOROOT").CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		})
	}
	all.Wait()
}

// eventually waits until a condition says "".
func eventually(t testing.TB, condition func() string) {
	t.Helper()
	complaint := condition()
	for deadline := time.Now().Add(20 * time.Second); complaint != "" && time.Now().Before(deadline); complaint = condition() {
		time.Sleep(10 * time.Millisecond)
	}
	if complaint != "" {
		t.Error(complaint)
	}
}

// TestConcurrentStarts starts many programs while the garbage collector stops the world again and again.
// It does not run in parallel with others, because it counts threads and descriptors.
func TestConcurrentStarts(t *testing.T) {
	exe := probe(t)
	startProbe(t, "ok").Wait()
	hammer := func(count int) {
		var all sync.WaitGroup
		for range count {
			all.Go(func() {
				o := attemptIn(t, detect(), Command{Exe: exe}, Policy{}, "read=/etc/passwd", "fork")
				if o.state != (State{}) {
					t.Errorf("state is %v, output:\n%s", o.state, o.text)
				}
			})
		}
		stop := make(chan struct{})
		var collector sync.WaitGroup
		collector.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.GC()
				}
			}
		})
		all.Wait()
		close(stop)
		collector.Wait()
	}
	hammer(20)
	goroutines := runtime.NumGoroutine()
	descriptors := len(entries(t, "/proc/self/fd"))
	hammer(100)
	eventually(t, func() string {
		if n := runtime.NumGoroutine(); n > goroutines {
			return fmt.Sprintf("%d goroutines were %d", n, goroutines)
		}
		if n := len(entries(t, "/proc/self/fd")); n > descriptors {
			return fmt.Sprintf("%d descriptors were %d", n, descriptors)
		}
		// A thread that is left behind would still have its filter.
		for _, tid := range entries(t, "/proc/self/task") {
			status, err := os.ReadFile("/proc/self/task/" + tid + "/status")
			if err == nil && !strings.Contains(string(status), "NoNewPrivs:\t0") {
				return "thread " + tid + " is still restricted"
			}
		}
		return ""
	})
}

func entries(t testing.TB, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestOneProcessor starts programs when the host has a single processor for its goroutines, which the
// thread in fork holds while the supervisor answers. It changes the whole process, and so is not parallel.
func TestOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		o := attempt(t, Policy{}, "ok")
		o.want(t, "ok", permitted)
	}
}
