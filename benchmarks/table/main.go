// Command table measures load beside other ways of calling a plugin, on the same modules, and
// writes the tables of README.md and docs/benchmarks.md. Run
//
//	go run ./table
//
// in the directory benchmarks of the repository. It takes a few minutes, most of them for building
// what is measured, and wants a machine that does nothing else. What does not build is left out.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const text = "0123456789abcdef" // 16 bytes

func main() {
	write := flag.Bool("w", true, "write the tables into ../README.md and ../docs/benchmarks.md")
	rounds := flag.Int("rounds", 15, "how often each way takes its turn")
	flag.Parse()
	if err := run(context.Background(), *write, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, write bool, rounds int) error {
	p, err := newPlace()
	if err != nil {
		return err
	}
	defer p.remove()
	calls, requests := p.calls(ctx, rounds), ""
	if requests, err = p.requests(ctx, rounds); err != nil {
		return err
	}
	calls, requests = calls+conditions(), requests+conditions()
	fmt.Print(calls, "\n", requests)
	if !write {
		return nil
	}
	for file, name := range written {
		table := calls
		if name == "requests" {
			table = requests
		}
		if err := replace(file, name, table); err != nil {
			return err
		}
	}
	return nil
}

// written are the files that have a table, and its name there.
var written = map[string]string{"../README.md": "calls", "../docs/benchmarks.md": "requests"}

// conditions says where and when it was measured.
func conditions() string {
	load := "unknown"
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(data), " ")
	}
	return fmt.Sprintf("\n%s, %s, %s/%s, %d processors, load average %s at the end. Medians of rounds in which each way takes its turn.\n",
		time.Now().Format("January 2006"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}

// replace writes a text between the markers of that name in a file.
func replace(file, name, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q", file, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, []byte(before+begin+text+end+after), 0o644)
}

// figures are the times of one way.
type figures struct{ start, call, fib []time.Duration }

// atLeast is how long a way makes calls in its turn.
const atLeast = 10 * time.Millisecond

// calls measures the peers and returns their table.
func (p *place) calls(ctx context.Context, rounds int) string {
	peers := p.peers(ctx)
	all := make([]figures, len(peers))
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of calls\n", round+1)
		for i, peer := range peers {
			if peer.why != nil {
				continue
			}
			if err := all[i].turn(ctx, peer, round < 3); err != nil {
				peers[i].why = err
				fmt.Fprintln(os.Stderr, peer.name, "is left out:", err)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| one function of one package, called by | `func(string) string`, 16 bytes | start to the first answer | `fib(30)` |\n| --- | --- | --- | --- |\n")
	for i, peer := range peers {
		if peer.why != nil {
			continue
		}
		start := cmp.Or(peer.apart, spell(median(all[i].start)))
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", peer.name, spell(median(all[i].call)), start, spell(median(all[i].fib)))
	}
	return b.String()
}

// turn starts a peer, calls it, and ends it.
func (f *figures) turn(ctx context.Context, p peer, fib bool) error {
	began := time.Now()
	r, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer r.end()
	if _, err := r.echo(text); err != nil {
		return err
	}
	f.start = append(f.start, time.Since(began))
	const batch = 100
	count, began := 0, time.Now()
	for time.Since(began) < atLeast {
		for range batch {
			if s, err := r.echo(text); err != nil || s != text {
				return fmt.Errorf("echo: %q, %w", s, err)
			}
		}
		count += batch
	}
	f.call = append(f.call, time.Since(began)/time.Duration(count))
	if !fib {
		return nil
	}
	began = time.Now()
	_, err = r.fib(30)
	f.fib = append(f.fib, time.Since(began))
	return err
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// spell spells a duration with two digits.
func spell(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"µs", time.Microsecond}, {"ns", 1}} {
		if d < unit.size {
			continue
		}
		n := float64(d) / float64(unit.size)
		if n < 10 && unit.size > 1 {
			return fmt.Sprintf("%.1f %s", n, unit.name)
		}
		return fmt.Sprintf("%.0f %s", n, unit.name)
	}
	return "under 1 ns"
}

// requests measures the middlewares and returns their table: requests in a second.
func (p *place) requests(ctx context.Context, rounds int) (string, error) {
	ways := p.ways()
	var b strings.Builder
	b.WriteString("| a middleware that | at once |")
	for _, way := range ways {
		b.WriteString(" " + way.name + " |")
	}
	b.WriteString(" `load` to yaegi |\n|" + strings.Repeat(" --- |", len(ways)+3) + "\n")
	for _, s := range shapes {
		if _, err := p.copyOf("shapes/" + s.name); err != nil {
			return "", err
		}
		handlers := make([]func(), len(ways))
		for i, way := range ways {
			fmt.Fprintln(os.Stderr, "making", s.name, "by", way.name)
			h, err := way.make(ctx, s)
			if err != nil {
				return "", fmt.Errorf("%s by %s: %w", s.name, way.name, err)
			}
			if w := request(h); w.Code != 200 || !strings.Contains(w.Body.String(), s.want) {
				return "", fmt.Errorf("%s by %s: status %d, %q", s.name, way.name, w.Code, w.Body)
			}
			handlers[i] = func() { request(h) }
		}
		for _, goroutines := range []int{1, 8} {
			took := make([][]time.Duration, len(ways))
			for range rounds {
				for i, serve := range handlers {
					took[i] = append(took[i], each(goroutines, serve))
				}
			}
			fmt.Fprintf(&b, "| %s | %d |", s.title, goroutines)
			for i := range ways {
				fmt.Fprintf(&b, " %s |", perSecond(median(took[i])))
			}
			fmt.Fprintf(&b, " %.2f |\n", float64(median(took[1]))/float64(median(took[2])))
		}
	}
	return b.String(), nil
}

// each is the time of one request for so many goroutines together.
func each(goroutines int, serve func()) time.Duration {
	const batch = 20
	var group sync.WaitGroup
	var mu sync.Mutex
	count, began := 0, time.Now()
	for range goroutines {
		group.Go(func() {
			own := 0
			for time.Since(began) < 2*atLeast {
				for range batch {
					serve()
				}
				own += batch
			}
			mu.Lock()
			defer mu.Unlock()
			count += own
		})
	}
	group.Wait()
	return time.Since(began) / time.Duration(count)
}

// perSecond spells how many fit into a second.
func perSecond(d time.Duration) string {
	n := float64(time.Second) / float64(d)
	if n < 10_000 {
		return fmt.Sprintf("%.1f k/s", n/1000)
	}
	return fmt.Sprintf("%.0f k/s", n/1000)
}
