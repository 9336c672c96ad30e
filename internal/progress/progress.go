// Package progress shows what a load does, while it does it: on a terminal in one line that goes
// again, elsewhere in a line for each module that was downloaded and runs.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/visible"
)

// Line shows the phase that a load is in, and for how long it has been. It is safe for concurrent
// use.
type Line struct {
	plain    io.Writer // for whole lines
	terminal io.Writer // nil: show no phases
	now      atomic.Pointer[phase]

	mu    sync.Mutex // is never taken while the line is drawn
	late  *time.Timer
	drawn *mpb.Progress
	bar   *mpb.Bar
	files int  // that were downloaded
	told  int  // of them, those that a line is about
	quiet bool // of what was installed

	compiling map[string]bool // modules that are installed and not compiled yet
	transfers transfers
	copied    int64 // bytes of a bundle

	installed []event.Installed // to be told when it runs, or there is nothing more to do
}

// phase is a part of a load.
type phase struct {
	text    string
	started time.Time
}

// New returns a line on a terminal. What is no terminal gets whole lines, and so does one that
// cannot rewrite them.
func New(w io.Writer) *Line {
	l := &Line{plain: visible.Writer(w)}
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return l
	}
	if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		l.terminal = file
	}
	return l
}

// Quiet leaves out what was installed, for commands that list it as their result.
func (l *Line) Quiet() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = true
}

// Begin shows the first phase, before there are events.
func (l *Line) Begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enter("resolve")
}

// Show is the sink of a load's events.
func (l *Line) Show(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case event.Resolved:
		l.enter("resolve " + e.Name + phrase.Version(e.Version))
	case event.Downloaded:
		l.files++
	case event.Retrying:
		l.enter(e.String())
	case event.Waiting:
		if len(l.compiling) < 2 { // else it is for another load of this command
			l.enter(e.String())
		}
	case event.Found:
		if e.Origin != "store" {
			l.compile(e.Canonical)
		}
	case event.Installed:
		if l.terminal == nil && !l.quiet && l.files > l.told {
			l.installed = append(l.installed, e)
		}
		l.told = l.files
		l.compile(e.Name)
	case event.Compiled:
		delete(l.compiling, e.Name)
		l.enter("start " + e.Name)
	case event.Deprecated, event.Degraded, event.Overrun:
		l.clear()
		if l.terminal != nil {
			fmt.Fprintln(l.plain, "load:", e)
		}
	case event.Failed: // which is what there is to say
		delete(l.compiling, e.Name)
		l.installed = nil
		l.clear()
	case event.Loaded:
		delete(l.compiling, e.Canonical)
		l.clear()
		l.tell()
	}
}

// Copied shows how far the copying of a bundle is.
func (l *Line) Copied(step registry.Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.copied += step.Size
	l.enter(fmt.Sprintf("copy part %d of %d, %s", step.Done, step.Of, quantity.About(l.copied)))
}

// Received shows how much of the files that are downloaded has arrived.
func (l *Line) Received(t install.Transfer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.transfers.note(t)
	l.enter(l.transfers.String())
}

// Clear removes the line, so that something else can be printed.
func (l *Line) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

// End removes the line for good.
func (l *Line) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	l.tell()
}

// compile shows that a module is compiled, or several are.
func (l *Line) compile(name string) {
	if l.compiling == nil {
		l.compiling = make(map[string]bool)
	}
	l.compiling[name] = true
	if n := len(l.compiling); n > 1 {
		name = phrase.Count(n, "module")
	}
	l.enter("compile " + name)
}

func (l *Line) enter(text string) {
	if l.terminal == nil {
		return
	}
	l.now.Store(&phase{visible.Text(text), time.Now()})
	if l.late == nil {
		l.late = time.AfterFunc(patience, l.appear)
	}
}

// patience is how long a load is not worth a line.
const patience = 100 * time.Millisecond

// appear draws the line, unless it was cleared meanwhile.
func (l *Line) appear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late == nil || l.drawn != nil {
		return
	}
	drawn := mpb.New(mpb.WithOutput(l.terminal))
	if bar, err := drawn.Add(0, mpb.BarFillerFunc(l.draw), mpb.BarFillerTrim()); err == nil {
		l.drawn, l.bar = drawn, bar
	}
}

// draw writes the phase, and from the first second on how long it has been, as wide as the terminal
// is by then.
func (l *Line) draw(w io.Writer, of decor.Statistics) error {
	p := l.now.Load()
	took := ""
	if whole := time.Since(p.started).Truncate(time.Second); whole > 0 {
		took = " " + quantity.Duration(whole)
	}
	room := max(of.AvailableWidth-1-len(took), 0) // a line that fills its last column may wrap
	_, err := io.WriteString(w, runewidth.Truncate(p.text, room, "…")+took)
	return err
}

// tell says what was installed.
func (l *Line) tell() {
	for _, e := range l.installed {
		fmt.Fprintln(l.plain, "load:", e)
	}
	l.installed = nil
}

func (l *Line) clear() {
	if l.late != nil {
		l.late.Stop()
		l.late = nil
	}
	if l.drawn != nil {
		l.bar.Abort(true)
		l.drawn.Wait()
		l.drawn, l.bar = nil, nil
	}
}
