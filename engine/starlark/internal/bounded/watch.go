package bounded

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
)

const (
	watchEvery = 2 * time.Millisecond
	watchIdle  = 5 // ticks without a run, after which the watch goes to sleep
)

// watch stops runs while which the memory of the program grows beyond the limit: what one step of
// them takes long to make, too, which they look at themselves only when it is over. Its goroutine
// lives only while there are runs, and a few milliseconds longer.
type watch struct {
	limit int64 // bytes

	mu    sync.Mutex
	runs  map[*Meter]struct{}
	awake bool
}

func (w *watch) add(r *Meter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == nil {
		w.runs = make(map[*Meter]struct{})
	}
	w.runs[r] = struct{}{}
	r.grown(heapSize())
	if !w.awake {
		w.awake = true
		go w.loop()
	}
}

func (w *watch) remove(r *Meter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.runs, r)
}

func (w *watch) loop() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for idle := 0; ; {
		<-ticker.C
		w.mu.Lock()
		if idle++; len(w.runs) > 0 {
			idle = 0
		}
		if idle > watchIdle {
			w.awake = false
			w.mu.Unlock()
			return
		}
		suspect := idle == 0 && w.check(1)
		w.mu.Unlock()
		if !suspect {
			continue
		}
		runtime.GC() // what is left after it is in use
		w.mu.Lock()
		w.check(0)
		w.mu.Unlock()
	}
}

// check measures the heap. It stops the runs that are beyond the limit by more than slack times the
// limit, and reports whether others are beyond it. It is called with mu held.
func (w *watch) check(slack int64) (suspect bool) {
	heap := heapSize()
	for r := range w.runs {
		switch grown := r.grown(heap); {
		case grown > w.limit+slack*w.limit:
			r.exceed(w.exceeded())
		case grown > w.limit:
			suspect = true
		}
	}
	return suspect
}

// exceeded is the limit that a run went beyond.
func (w *watch) exceeded() *engine.LimitError {
	return &engine.LimitError{Reason: "it took more than " + quantity.About(w.limit) + " of memory", Fix: MemoryFix}
}

// grown returns what the memory of the program has grown by since the run was first measured, and
// what those had taken before that wait for it.
func (w *watch) grown(r *Meter) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return r.grown(heapSize())
}

func (r *Meter) grown(heap int64) int64 {
	if !r.measured {
		r.measured, r.before = true, heap-r.held
	}
	r.before = min(r.before, heap) // garbage was collected that others had left
	return heap - r.before
}

func heapSize() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

const MemoryFix = "set starlark.Config.Memory to allow more"
