// Package notify tells a loader when files change, by what the operating system offers: see
// [load.Config].Notify and [load.Loader.Watch].
//
//	l, err := load.New(load.Config{Notify: notify.New}) // package standard does so
//	err = l.Watch(ctx)
package notify

import (
	"sync"

	"github.com/fsnotify/fsnotify"

	"github.com/loadgo/load"
)

// Notifier tells of changes in directories. It is safe for concurrent use.
type Notifier struct {
	watcher *fsnotify.Watcher
	changed func(path string)
	ended   chan struct{}
	once    sync.Once
}

// New returns a notifier that calls changed with the absolute path of each file or directory that
// was made, written, renamed or removed in a directory that was added, and with "" where changes
// were lost. It has the signature of [load.Config].Notify.
func New(changed func(path string)) (load.Notifier, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &Notifier{watcher: watcher, changed: changed, ended: make(chan struct{})}
	go n.run()
	return n, nil
}

func (n *Notifier) run() {
	defer close(n.ended)
	for events, errs := n.watcher.Events, n.watcher.Errors; events != nil || errs != nil; {
		select {
		case e, ok := <-events:
			switch {
			case !ok:
				events = nil
			case e.Op != fsnotify.Chmod: // what only reads a file may change its times
				n.changed(e.Name)
			}
		case _, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			n.changed("") // the queue was full, or a directory can be read no more
		}
	}
}

// Add implements [load.Notifier].
func (n *Notifier) Add(dir string) error { return n.watcher.Add(dir) }

// Remove implements [load.Notifier].
func (n *Notifier) Remove(dir string) error { return n.watcher.Remove(dir) }

// Close implements [load.Notifier]: changed is not called any more when it has returned.
func (n *Notifier) Close() error {
	var err error
	n.once.Do(func() { err = n.watcher.Close() })
	<-n.ended
	return err
}
