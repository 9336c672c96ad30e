package sandbox

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hostArgument = "host-of-a-sandbox"

// host is a process between the test and a probe, the program at path: it takes on the identity,
// starts the probe, tells its process id and how programs are kept from it, and waits for nothing.
// The probe makes the attempts, with the grant to start programs, before it sleeps.
func host(path, identity string, attempts ...string) {
	exe, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	if err := identities[identity](); err != nil {
		panic(err)
	}
	var p Policy
	if len(attempts) > 0 {
		p = Policy{Programs: true, ReadOnly: []string{filepath.Dir(path)}}
	}
	probed := Probe(p)
	process, err := Start(Command{Exe: exe, Args: append(append([]string{"probe"}, attempts...), "sleep")}, p)
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

// identities are those of hosts that are started as set-uid and set-gid programs are: the kernel
// takes the death signal from a process that starts a program with such an identity.
var identities = map[string]func() error{
	"its own":                func() error { return nil },
	"another's real user":    func() error { return syscall.Setresuid(someone, 0, 0) },
	"another's user":         func() error { return syscall.Setresuid(0, someone, someone) },
	"another's real group":   func() error { return syscall.Setresgid(someone, 0, 0) },
	"another's group":        func() error { return syscall.Setresgid(0, someone, someone) },
	"two others' user":       func() error { return syscall.Setresuid(someone, someone-1, someone-1) },
	"without any privileges": func() error { return syscall.Setresuid(someone, someone, someone) },
}

const someone = 65534

// TestHostKilled kills a host as nothing can prevent.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	for identity := range identities {
		t.Run(identity, func(t *testing.T) {
			t.Parallel()
			if identity != "its own" && os.Getuid() != 0 {
				t.Skip("only root can be others")
			}
			middle, program := startHost(t, identity)
			killHost(t, middle)
			eventually(t, func() string { return alive(program) })
		})
	}
}

// startHost starts a host and returns it and its program's process id.
func startHost(t *testing.T, identity string, attempts ...string) (middle *exec.Cmd, program int) {
	t.Helper()
	path, err := builtProbe()
	require.NoError(t, err)
	middle = exec.Command(os.Args[0], append([]string{hostArgument, path, identity}, attempts...)...)
	middle.Stderr = os.Stderr
	out, err := middle.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, middle.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	number, _, _ := strings.Cut(line, " ")
	program, numberErr := strconv.Atoi(number)
	require.NoError(t, err, line)
	require.NoError(t, numberErr, line)
	return middle, program
}

func killHost(t *testing.T, host *exec.Cmd) {
	t.Helper()
	require.NoError(t, host.Process.Kill())
	host.Wait()
}

// alive complains of a process that has not ended. What adopts it may leave it unreaped.
func alive(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(stat), ") Z ") {
		return ""
	}
	return "it outlives its host: " + string(stat)
}

func TestHostStaysFree(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 10 {
		process := startProbe(t, "sleep")
		defer process.Kill()
		all.Go(func() {
			_, err := os.ReadFile("/etc/passwd")
			assert.NoError(t, err)
			out, err := exec.Command("go", "env", "GOROOT").CombinedOutput()
			assert.NoErrorf(t, err, "%v: %s", err, out)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if !assert.NoError(t, err) {
				return
			}
			defer l.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			if !assert.NoError(t, err) {
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
	assert.Empty(t, complaint)
}

// TestConcurrentStarts starts many programs while the garbage collector stops the world again and
// again.
// It does not run in parallel with others, because it counts threads and descriptors.
func TestConcurrentStarts(t *testing.T) {
	exe := probe(t)
	startProbe(t, "ok").Wait()
	hammer := func(count int) {
		var all sync.WaitGroup
		for range count {
			all.Go(func() {
				o := attemptIn(t, detect(), Command{Exe: exe}, Policy{}, "read=/etc/passwd", "fork")
				assert.Equal(t, State{}, o.state, o.text)
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
		// Not one thread of the host is restricted, not even while its program starts.
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
	require.NoError(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestOneProcessor starts programs when the host has a single processor for its goroutines, which
// the thread in fork holds while the supervisor answers. It changes the whole process, and so is
// not parallel.
func TestOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		o := attempt(t, Policy{}, "ok")
		o.want(t, "ok", permitted)
	}
}
