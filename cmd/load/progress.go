package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/visible"
)

// progress keeps one line of a terminal up to date with what a load does. On anything but a
// terminal it shows nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: show nothing
	shown bool
	files int
	bytes int64
}

func newProgress(w io.Writer) *progress {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return &progress{}
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: w}
}

// show is the sink of a load's events.
func (p *progress) show(e load.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case event.Resolved:
		p.line("resolved %s to %s", e.Name, e.Version)
	case event.Downloaded:
		p.files++
		p.bytes += e.Bytes
		p.line("downloading: file %d, %s so far", p.files, quantity.About(p.bytes))
	case event.Retrying, event.Waiting:
		p.line("%s", e)
	case event.Found:
		if e.Origin != "store" {
			p.line("compiling %s", e.Canonical)
		}
	case event.Installed:
		p.line("compiling %s", e.Name)
	case event.Compiled:
		p.line("starting %s", e.Name)
	case event.Deprecated, event.Degraded, event.Overrun:
		p.erase()
		if p.w != nil {
			fmt.Fprintf(p.w, "load: %s\n", visible.Text(e.String()))
		}
	case event.Loaded, event.Failed:
		p.erase()
	}
}

// copied shows how far the copying of a bundle is.
func (p *progress) copied(step registry.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += step.Size
	p.line("part %d of %d, %s so far", step.Done, step.Of, quantity.About(p.bytes))
}

// clear removes the line, so that something else can be printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) line(format string, args ...any) {
	if p.w == nil {
		return
	}
	text := []rune(visible.Text(fmt.Sprintf(format, args...)))
	if len(text) > 79 { // a line that wraps cannot be rewritten
		text = append(text[:78], '…')
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", string(text))
	p.shown = true
}

func (p *progress) erase() {
	if p.w != nil && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.shown = false
}
