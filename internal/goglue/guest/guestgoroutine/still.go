//go:build go1.26 && !wasip1

package guestgoroutine

import "runtime/metrics"

// still reports whether no other goroutine runs, or could.
func (g *Goroutines) still() bool {
	samples := [...]metrics.Sample{{Name: "/sched/goroutines/running:goroutines"}, {Name: "/sched/goroutines/runnable:goroutines"}}
	metrics.Read(samples[:])
	return samples[0].Value.Uint64() <= 1 && samples[1].Value.Uint64() == 0
}
