// Command scale prints how what a loader and its parts do grows with the number of things that they
// do it with.
//
//	go run ./scale            # takes some minutes and, for a thousand processes, 3 GiB
//	go run ./scale -most 100  # a tenth of it
//
// Each line is a step with ten times as much of something as the line before it. "Growth" is how
// many times longer each of them takes then: 1.0 is linear, and what is marked with "!" grows
// faster than by half more. Steps that look one thing up stay as they are instead, and are measured
// as one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
)

func main() {
	most := flag.Int("most", 1000, "how many modules run at most; packages, lines and symbols go with it")
	flag.Parse()
	root, err := os.MkdirTemp("", "load-scale-")
	if err == nil {
		err = errors.Join(run(context.Background(), root, *most), os.RemoveAll(root))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, most int) error {
	fmt.Printf("%-44s %7s %12s %12s %7s\n", "", "n", "together", "each", "growth")
	for _, part := range []func(context.Context, string, int) error{running, lookUp, together, packages, lines, symbols} {
		if err := part(ctx, root, most); err != nil {
			return err
		}
	}
	return nil
}

// series prints the lines of one step.
type series struct {
	step string
	last time.Duration // each
}

func (s *series) each(n int, took time.Duration, note string) {
	each := took / time.Duration(n)
	growth := ""
	if s.last > 0 {
		factor := float64(each) / float64(s.last)
		growth = fmt.Sprintf("%7.2f", factor)
		if factor > 1.5 {
			growth += " !"
		}
	}
	s.last = each
	fmt.Printf("%-44s %7d %12s %12s %s%s\n", s.step, n, round(took), round(each), growth, note)
}

func round(d time.Duration) time.Duration {
	for unit := time.Second; unit > 1; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100)
		}
	}
	return d
}

// sizes are a hundredth, a tenth and all of it.
func sizes(most int) []int { return []int{max(1, most/100), max(1, most/10), most} }

// folder writes a package into a directory below root.
func folder(root, name, text string) error {
	place := filepath.Join(root, name)
	return errors.Join(os.MkdirAll(place, 0o700),
		os.WriteFile(filepath.Join(place, "go.mod"), []byte("module example.com/"+name+"\n\ngo 1.26\n"), 0o600),
		os.WriteFile(filepath.Join(place, name+".go"), []byte(text), 0o600))
}

// loader loads from root by child processes.
func loader(root string) (*load.Loader, error) {
	s, err := store.Open(filepath.Join(root, "store"))
	if err != nil {
		return nil, err
	}
	return standard.New(load.Config{Path: find.Path{builtin.New(), dir.New(root)}, Store: s, Offline: true})
}

// started runs the module one in as many processes, each with a loader of its own.
func started(ctx context.Context, root string, n int) (loaders []*load.Loader, adds []func(int, int) (int, error), err error) {
	for range n {
		l, err := loader(root)
		if err != nil {
			return nil, nil, err
		}
		m, err := l.Load(ctx, "one")
		if err != nil {
			return nil, nil, err
		}
		add, err := load.Func[func(int, int) (int, error)](m, "Add")
		if err != nil {
			return nil, nil, err
		}
		loaders, adds = append(loaders, l), append(adds, add)
	}
	return loaders, adds, nil
}

func closed(ctx context.Context, loaders []*load.Loader) error {
	for _, l := range loaders {
		if err := l.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// running runs a module in as many processes as asked for, each with a loader of its own, calls
// them one after the other, and ends them.
func running(ctx context.Context, root string, most int) error {
	if err := folder(root, "one", "package one\n\nfunc Add(a, b int) int { return a + b }\n"); err != nil {
		return err
	}
	first, err := loader(root)
	if err != nil {
		return err
	}
	_, err = first.Load(ctx, "one") // compiled
	if err = errors.Join(err, first.Close(ctx)); err != nil {
		return err
	}
	start, call, end := series{step: "modules running: load"}, series{step: "modules running: first and second call"}, series{step: "modules running: unload"}
	for _, n := range sizes(most) {
		before := uses()
		began := time.Now()
		loaders, adds, err := started(ctx, root, n)
		if err != nil {
			return err
		}
		loaded := time.Since(began)
		began = time.Now()
		for range 2 {
			for _, add := range adds {
				if _, err := add(1, 2); err != nil {
					return err
				}
			}
		}
		called := time.Since(began)
		start.each(n, loaded, "  "+uses().since(before, n))
		call.each(n, called, "")
		began = time.Now()
		if err := closed(ctx, loaders); err != nil {
			return err
		}
		end.each(n, time.Since(began), "")
	}
	return nil
}

// use is what the host uses.
type use struct{ memory, threads, descriptors, goroutines int }

func uses() use {
	runtime.GC()
	status, _ := os.ReadFile("/proc/self/status")
	u := use{goroutines: runtime.NumGoroutine()}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "VmRSS:":
			u.memory, _ = strconv.Atoi(fields[1])
		case "Threads:":
			u.threads, _ = strconv.Atoi(fields[1])
		}
	}
	open, _ := os.ReadDir("/proc/self/fd")
	u.descriptors = len(open)
	return u
}

func (u use) since(before use, n int) string {
	return fmt.Sprintf("of the host, for each: %d KiB, %.2f threads, %.2f descriptors, %.2f goroutines",
		(u.memory-before.memory)/n, float64(u.threads-before.threads)/float64(n),
		float64(u.descriptors-before.descriptors)/float64(n), float64(u.goroutines-before.goroutines)/float64(n))
}

// lookUp asks a loader for modules that it has, from several goroutines, and unloads them.
func lookUp(ctx context.Context, root string, most int) error {
	const times = 200_000
	asks := map[int]*series{}
	end := series{step: "modules in the cache: unload"}
	for _, n := range sizes(most) {
		l, err := loader(root)
		if err != nil {
			return err
		}
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("tools%d", i)
			if err := l.Register(names[i], map[string]any{"One": func() int { return 1 }}); err != nil {
				return err
			}
			if _, err := l.Load(ctx, names[i]); err != nil {
				return err
			}
		}
		for _, goroutines := range []int{1, 8, 64} {
			var group sync.WaitGroup
			began := time.Now()
			for g := range goroutines {
				group.Go(func() {
					for i := range times / goroutines {
						if _, err := l.Load(ctx, names[(i+g)%n]); err != nil {
							panic(err)
						}
					}
				})
			}
			group.Wait()
			if asks[goroutines] == nil {
				asks[goroutines] = &series{step: fmt.Sprintf("modules in the cache: look-up, %d goroutines", goroutines)}
			}
			asks[goroutines].each(times, time.Since(began), fmt.Sprintf("  among %d", n))
		}
		began := time.Now()
		if err := l.Close(ctx); err != nil {
			return err
		}
		end.each(n, time.Since(began), "")
	}
	return nil
}

// together calls a tenth of the most modules from as many goroutines at once.
func together(ctx context.Context, root string, most int) error {
	calls := series{step: "goroutines calling as many modules at once"}
	for _, n := range []int{max(1, most/100), max(1, most/10)} {
		loaders, adds, err := started(ctx, root, n)
		if err != nil {
			return err
		}
		var group sync.WaitGroup
		began := time.Now()
		for range n {
			group.Go(func() {
				for _, add := range adds {
					if _, err := add(1, 2); err != nil {
						panic(err)
					}
				}
			})
		}
		group.Wait()
		calls.each(n*n, time.Since(began), fmt.Sprintf("  calls, %d × %d", n, n))
		if err := closed(ctx, loaders); err != nil {
			return err
		}
	}
	return nil
}

// packages puts ten times the most packages into a store, a record and an artifact each.
func packages(ctx context.Context, root string, most int) error {
	put, one := series{step: "packages in a store: put"}, series{step: "packages in a store: find one"}
	list, verify, collect := series{step: "packages in a store: list"}, series{step: "packages in a store: verify"}, series{step: "packages in a store: gc that removes nothing"}
	remove := series{step: "packages in a store: gc that removes all"}
	for _, n := range sizes(10 * most) {
		s, err := store.Open(filepath.Join(root, fmt.Sprint("packages", n)))
		if err != nil {
			return err
		}
		began := time.Now()
		for i := range n {
			pkg := fmt.Sprintf("example.com/p%05d", i)
			err := s.PutRecord(&store.Record{Package: pkg, Module: pkg, Version: "v1.0.0", Target: "linux_amd64", Hash: pkg})
			if err != nil {
				return err
			}
			_, _, err = s.Artifact(ctx, store.Key(pkg), func(_ context.Context, dir string) error {
				return os.WriteFile(filepath.Join(dir, "program"), []byte(pkg), 0o600)
			})
			if err != nil {
				return err
			}
		}
		put.each(n, time.Since(began), "")
		began = time.Now()
		const finds = 1000
		for i := range finds {
			pkg := fmt.Sprintf("example.com/p%05d", i*7919%n)
			if _, err := s.Record("linux_amd64", pkg, "v1.0.0"); err != nil {
				return err
			}
			if _, err := s.Lookup(store.Key(pkg)); err != nil {
				return err
			}
		}
		one.each(finds, time.Since(began), fmt.Sprintf("  among %d", n))
		began = time.Now()
		count := 0
		for _, err := range s.AllRecords("linux_amd64") {
			if err != nil {
				return err
			}
			count++
		}
		if count != n {
			return fmt.Errorf("%d of %d records are listed", count, n)
		}
		list.each(n, time.Since(began), "")
		began = time.Now()
		if _, err := s.Verify(ctx); err != nil {
			return err
		}
		verify.each(n, time.Since(began), "")
		for _, gc := range []struct {
			*series
			store.GC
		}{{&collect, store.GC{Unused: time.Hour}}, {&remove, store.GC{}}} {
			began = time.Now()
			if _, err := s.Collect(ctx, gc.GC); err != nil {
				return err
			}
			gc.each(n, time.Since(began), "")
		}
	}
	return nil
}

// lines reads and writes a lock file of ten times the most lines.
func lines(_ context.Context, root string, most int) error {
	read, write := series{step: "lines of a lock file: read"}, series{step: "lines of a lock file: write"}
	path := filepath.Join(root, lockfile.Name)
	for _, n := range sizes(10 * most) {
		var f lockfile.File
		for i := range max(1, n/2) { // each entry has two lines
			pkg := fmt.Sprintf("example.com/p%05d", i)
			needs := []lockfile.Module{{Path: pkg, Version: "v1.0.0", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}}
			if err := f.Set(lockfile.Entry{Name: pkg, Version: "v1.0.0", Origin: "goproxy", Module: pkg, Needs: needs}); err != nil {
				return err
			}
		}
		began := time.Now()
		if err := f.Write(path); err != nil {
			return err
		}
		write.each(n, time.Since(began), "")
		began = time.Now()
		if _, err := lockfile.Read(path); err != nil {
			return err
		}
		read.each(n, time.Since(began), "")
	}
	return nil
}

// symbols loads a package with five times the most functions, and binds all of them.
func symbols(ctx context.Context, root string, most int) error {
	compile, warm, bind := series{step: "functions of a package: compile"}, series{step: "functions of a package: load"}, series{step: "functions of a package: bind"}
	for _, n := range sizes(5 * most) {
		name := fmt.Sprint("functions", n)
		var text strings.Builder
		fmt.Fprintf(&text, "package %s\n", name)
		for i := range n {
			fmt.Fprintf(&text, "\n// F%d adds.\nfunc F%d(a, b int) int { return a + b + %d }\n", i, i, i)
		}
		if err := folder(root, name, text.String()); err != nil {
			return err
		}
		for _, s := range []*series{&compile, &warm} {
			l, err := loader(root)
			if err != nil {
				return err
			}
			began := time.Now()
			m, err := l.Load(ctx, name)
			if err != nil {
				return err
			}
			s.each(n, time.Since(began), "")
			if s == &warm {
				began = time.Now()
				for i := range n {
					if _, err := load.Func[func(int, int) (int, error)](m, fmt.Sprint("F", i)); err != nil {
						return err
					}
				}
				bind.each(n, time.Since(began), "")
			}
			if err := l.Close(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
