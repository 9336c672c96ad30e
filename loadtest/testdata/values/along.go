package values

import (
	"strconv"
	"sync"
)

// Functions of the host that run beside each other in one call.

// EachBeside calls f for each element at once, and says what it did not see afterwards.
func EachBeside(s []int, f func(i int)) (missed string) {
	var mu sync.Mutex
	atOnce(len(s), func(i int) error {
		s[i] = i * 10
		f(i)
		if s[i] != i*10+5 {
			mu.Lock()
			missed += strconv.Itoa(i) + ":" + strconv.Itoa(s[i]) + " "
			mu.Unlock()
		}
		s[i]++
		return nil
	})
	return missed
}

// PointsBeside is EachBeside for what pointers point to.
func PointsBeside(points []*Point, f func(i int)) (missed string) {
	var mu sync.Mutex
	atOnce(len(points), func(i int) error {
		points[i].X = i * 10
		f(i)
		if points[i].Y != i*10+5 {
			mu.Lock()
			missed += strconv.Itoa(i) + ":" + strconv.Itoa(points[i].Y) + " "
			mu.Unlock()
		}
		points[i].X++
		return nil
	})
	return missed
}

// CountBeside calls f n times at once and returns how many entries the map has then.
func CountBeside(m map[int]int, n int, f func(i int)) int {
	atOnce(n, func(i int) error { f(i); return nil })
	return len(m)
}

// WordsBeside calls f for each element at once.
func WordsBeside(s []string, f func(i int) error) error {
	return atOnce(len(s), f)
}

var wait func()

// KeepWait keeps a function for Conflict.
func KeepWait(f func()) { wait = f }

// Conflict changes p while f runs.
func Conflict(p *Point, f func(), g func() error) error {
	go f()
	wait()
	p.Y = 1
	return g()
}

// WithBlock calls f with a part of what it shares.
func WithBlock(s []int, f func(part []int)) int {
	s[0] = 1
	f(s[1:2])
	return s[0]*100 + s[1]*10 + s[2]
}

func atOnce(n int, f func(i int) error) (err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	group.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			defer group.Done()
			if failed := f(i); failed != nil {
				mu.Lock()
				err = failed
				mu.Unlock()
			}
		}(i)
	}
	group.Wait()
	return err
}
