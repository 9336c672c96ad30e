package sandbox

import (
	"runtime"
	"slices"
	"sync"
)

// A starter is a thread that starts programs and does nothing else until all of them have ended:
// they get the death signal when it ends. A host has as many as it starts programs at once, and no
// more than it has processors, however many programs run.
type starter struct {
	jobs     chan func()
	programs int // that it has started and that have not ended
}

var (
	startersMu   sync.Mutex // guards the numbers of programs, too
	idleStarters []*starter
	// atOnce holds a token for each program that is being started.
	atOnce = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
)

// startOn calls a function that starts a program on a starter, which it returns; the caller calls
// its ended when the program has ended. Where nothing was started it is nil.
func startOn(start func() error) (*starter, error) {
	atOnce <- struct{}{}
	defer func() { <-atOnce }()
	startersMu.Lock()
	var s *starter
	if n := len(idleStarters); n > 0 {
		s, idleStarters = idleStarters[n-1], idleStarters[:n-1]
	} else {
		s = &starter{jobs: make(chan func())}
		go s.run()
	}
	startersMu.Unlock()

	result := make(chan error)
	s.jobs <- func() { result <- start() }
	err := <-result

	startersMu.Lock()
	defer startersMu.Unlock()
	if err == nil {
		s.programs++
	}
	idleStarters = append(idleStarters, s)
	s.endIfIdle()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ended notes that a program of the starter has ended.
func (s *starter) ended() {
	startersMu.Lock()
	defer startersMu.Unlock()
	s.programs--
	s.endIfIdle()
}

// endIfIdle ends a starter that has nothing to do and nothing to wait for.
func (s *starter) endIfIdle() {
	if i := slices.Index(idleStarters, s); i >= 0 && s.programs == 0 {
		idleStarters = slices.Delete(idleStarters, i, i+1)
		close(s.jobs)
	}
}

func (s *starter) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread() // else the thread ends, and with it programs that others started on it before
	for job := range s.jobs {
		job()
	}
}
