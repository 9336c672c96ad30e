// Command fleet simulates the roll-out of modules to a fleet of hosts: from a registry, from mirrors
// of it, and with each host compiling for itself.
//
//	go run ./fleet -hosts 10000 -modules 20
//
// What a host does is counted by remote.TestFleet and remote.TestProcesses of the main module: for a
// module three requests that ask (manifest, signature's list, signature) and one for each file, one
// after the other, and nothing when its store has it. What these cost is set by the flags, whose
// defaults were measured, on a machine with other work (a load average of 15 and more) where
// nothing else is said: the processor time that Debian's docker-registry 2.8.2, with its files on a
// disk, took for a question and for a file; the processor time of a first module compiled with an
// empty build cache and of one after it, reckoned for twenty; and, alone on the machine, what one
// of a hundred modules of a process took to be loaded and called.
package main

import (
	"container/heap"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// costs are what the parts of a roll-out take.
type costs struct {
	hosts, modules  int
	questions       int           // requests for a module that bring no file
	files           int           // of an artifact
	size            float64       // bytes of an artifact
	answer, send    time.Duration // of a registry, for a question and for a file, on one of its workers
	workers         int           // requests that a registry serves at a time
	bandwidth       float64       // bytes a second of a registry
	hostBandwidth   float64       // bytes a second of a host
	round           time.Duration // between host and registry
	compile, launch time.Duration // of a module, on a host
	spread          time.Duration // over which the hosts are started
}

// outcome is what a roll-out took.
type outcome struct {
	requests int     // that the registry served, or each mirror
	bytes    float64 // that left the registry
	took     time.Duration
}

// host is one on its way: at is when it asks next.
type host struct {
	at   time.Duration
	left int // requests
}

type queue []*host

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*host)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// served simulates hosts that fetch all modules from one registry: requests queue for its workers,
// and files for its line.
func (c costs) served(hosts int) (o outcome) {
	perModule := c.questions + c.files
	var q queue
	for i := range hosts {
		q = append(q, &host{at: c.spread * time.Duration(i) / time.Duration(max(hosts, 1)), left: perModule * c.modules})
	}
	heap.Init(&q)
	free := make([]time.Duration, c.workers)
	var line time.Duration
	for len(q) > 0 {
		h := q[0]
		next := 0 // the worker that is free first
		for i, at := range free {
			if at < free[next] {
				next = i
			}
		}
		file, cost := h.left%perModule < c.files, c.answer // files come after the questions
		if file {
			cost = c.send
		}
		done := max(h.at+c.round/2, free[next]) + cost
		free[next] = done
		if file {
			size := c.size / float64(c.files)
			line = max(line, done) + seconds(size/c.bandwidth)
			done = max(line, done+seconds(size/c.hostBandwidth))
			o.bytes += size
		}
		o.requests++
		if h.left--; h.left > 0 {
			h.at = done + c.round/2
			heap.Fix(&q, 0)
			continue
		}
		heap.Pop(&q)
		o.took = max(o.took, done+c.round/2+c.launch*time.Duration(c.modules))
	}
	return o
}

// mirrored has the hosts ask mirrors, which each fetch every artifact once before.
func (c costs) mirrored(mirrors int) (mirror outcome, origin outcome) {
	origin = c.served(mirrors)
	mirror = c.served((c.hosts + mirrors - 1) / mirrors)
	mirror.took += origin.took
	return mirror, origin
}

// compiled has each host compile everything; the sources come from elsewhere in any case.
func (c costs) compiled() time.Duration {
	return c.spread + time.Duration(c.modules)*(c.compile+c.launch)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (c costs) print(w io.Writer, mirrors int) {
	row := func(how string, o outcome) {
		fmt.Fprintf(w, "%-34s %12d %10.1f %10.1f\n", how, o.requests, o.bytes/1e9, o.took.Seconds())
	}
	fmt.Fprintf(w, "%d hosts, %d modules of %.1f MB\n\n%-34s %12s %10s %10s\n", c.hosts, c.modules, c.size/1e6, "", "requests", "GB", "seconds")
	row("one registry", c.served(c.hosts))
	mirror, origin := c.mirrored(mirrors)
	row(fmt.Sprintf("%d mirrors: the registry", mirrors), origin)
	row(fmt.Sprintf("%d mirrors: each of them", mirrors), mirror)
	row("nothing changed", outcome{})
	row("compiled on each host", outcome{took: c.compiled()})
	fmt.Fprintf(w, "\nprocessor hours: %.1f compiled once, %.1f compiled on each host\n",
		(time.Duration(c.modules) * c.compile).Hours(), (time.Duration(c.modules*c.hosts) * c.compile).Hours())
}

func main() {
	c := costs{questions: 3}
	flag.IntVar(&c.hosts, "hosts", 10000, "hosts that start")
	flag.IntVar(&c.modules, "modules", 20, "modules that each loads")
	flag.IntVar(&c.files, "files", 2, "files of an artifact")
	flag.Float64Var(&c.size, "size", 2.1e6, "bytes of an artifact")
	flag.DurationVar(&c.answer, "answer", 2400*time.Microsecond, "what a question costs a worker of the registry")
	flag.DurationVar(&c.send, "send", 6*time.Millisecond, "what a file costs a worker of the registry")
	flag.IntVar(&c.workers, "workers", 16, "requests that a registry serves at a time")
	flag.Float64Var(&c.bandwidth, "bandwidth", 1.25e9, "bytes per second that leave a registry")
	flag.Float64Var(&c.hostBandwidth, "host-bandwidth", 1.25e8, "bytes per second that reach a host")
	flag.DurationVar(&c.round, "round", time.Millisecond, "round trip between host and registry")
	flag.DurationVar(&c.compile, "compile", 1800*time.Millisecond, "to compile a module")
	flag.DurationVar(&c.launch, "launch", 12*time.Millisecond, "to start a module that is in the store")
	flag.DurationVar(&c.spread, "spread", 0, "time over which the hosts are started")
	mirrors := flag.Int("mirrors", 10, "mirrors")
	flag.Parse()
	c.print(os.Stdout, *mirrors)
}
