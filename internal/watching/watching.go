// Package watching tells which files of some directories have changed, once nothing changes any
// more. The directories may come and go.
package watching

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Notifier tells when something changes in directories; see the interface of that name in package
// load.
type Notifier interface {
	Add(dir string) error
	Remove(dir string) error
	Close() error
}

const (
	// settle is how long nothing may change before modules are reloaded: editors and version
	// control write several files.
	settle = 100 * time.Millisecond
	// settleAtMost is when they are reloaded although something still changes.
	settleAtMost = 2 * time.Second
)

// Watcher watches directories.
type Watcher struct {
	notifier Notifier
	wanted   func() []string // the directories
	wake     chan struct{}   // holds a token when there is something to look at

	mu      sync.Mutex
	changes map[string]bool // paths; "" for anything
	told    map[string]bool // those of them that the notifier told since follow has run

	watched map[string]bool // directories, also those that are gone; of Run only
}

// New makes a watcher of the directories that wanted lists whenever it looks. notify makes what
// tells it of changes.
func New(notify func(changed func(path string)) (Notifier, error), wanted func() []string) (w *Watcher, err error) {
	w = &Watcher{
		wanted: wanted, wake: make(chan struct{}, 1),
		changes: make(map[string]bool), told: make(map[string]bool), watched: make(map[string]bool),
	}
	w.notifier, err = notify(w.tell)
	return w, err
}

// Close ends what tells of changes.
func (w *Watcher) Close() error { return w.notifier.Close() }

// tell notes a change that the notifier tells; "" stands for any.
func (w *Watcher) tell(path string) {
	w.mu.Lock()
	w.told[path] = true
	w.mu.Unlock()
	w.note(path)
}

// note notes a change; "" stands for any.
func (w *Watcher) note(path string) {
	w.mu.Lock()
	w.changes[path] = true
	w.mu.Unlock()
	w.Look()
}

// Look wakes Run, to look at what directories are wanted now.
func (w *Watcher) Look() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run calls changed with the paths of what has changed, "" for anything, until ctx ends.
func (w *Watcher) Run(ctx context.Context, changed func(ctx context.Context, changes map[string]bool)) {
	w.follow()
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
		if !w.pending() {
			w.follow()
			continue
		}
		if !w.settled(ctx) {
			return
		}
		done := make(chan struct{})
		go func() { // which the program's check may end
			defer close(done)
			changed(ctx, w.take())
		}()
		<-done
		w.follow()
	}
}

func (w *Watcher) pending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.changes) > 0
}

func (w *Watcher) take() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := w.changes
	w.changes = make(map[string]bool)
	return changes
}

// settled waits until nothing changes any more, and reports whether ctx lasted.
func (w *Watcher) settled(ctx context.Context) bool {
	limit := time.NewTimer(settleAtMost)
	defer limit.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	for {
		select {
		case <-w.wake:
			quiet.Reset(settle)
		case <-quiet.C:
			return true
		case <-limit.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// follow makes the wanted directories those that are watched.
func (w *Watcher) follow() {
	w.forget()
	wanted := make(map[string]bool)
	for _, dir := range w.wanted() {
		wanted[dir] = true
	}
	for dir := range w.watched {
		if !wanted[dir] {
			delete(w.watched, dir)
			_ = w.notifier.Remove(dir) // it may be gone
		}
	}
	for dir := range wanted {
		_ = w.notifier.Add(dir) // again and again: one that was removed and made anew is watched no more
		if !w.watched[dir] {
			w.watched[dir] = true
			w.note(dir) // it may have changed since it was looked at, or be gone
		}
	}
}

// forget forgets the directories that were told themselves, and all of them where what was told is
// lost: one that was removed may be there again, with other files, before it is watched again.
func (w *Watcher) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for dir := range w.watched {
		if w.told[dir] || w.told[""] {
			delete(w.watched, dir)
		}
	}
	clear(w.told)
}

// Set is the watchers that run. The zero Set is empty; all methods are safe for concurrent use.
type Set struct {
	mu  sync.Mutex
	all []*Watcher
}

// Add adds a watcher.
func (c *Set) Add(w *Watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, w)
}

// Remove takes a watcher out.
func (c *Set) Remove(w *Watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(other *Watcher) bool { return other == w })
}

// Look lets them look at what directories are wanted now.
func (c *Set) Look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.all {
		w.Look()
	}
}
