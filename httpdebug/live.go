package httpdebug

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	liveEvery = 2 * time.Second  // how often figures are looked at
	liveFor   = 30 * time.Second // a stream ends, and the browser asks again: a server's Shutdown waits for streams
	liveWrite = 10 * time.Second // for a reader that reads nothing

	liveAtOnce = 50 // streams, each of which looks at every module
)

var errLive = fmt.Errorf("%d pages are looked at already; this one shows what was so when it was asked for", liveAtOnce)

// stream writes server-sent events.
type stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

// live sends what runs, at once and when it has changed, and the events after the one that the
// browser saw last.
func (h *handler) live(w http.ResponseWriter, r *http.Request) {
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		h.fail(w, r, http.StatusServiceUnavailable, errLive)
		return
	}
	s := stream{w, http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	last := h.seen(r)
	end := time.NewTimer(liveFor)
	defer end.Stop()
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	var shown []byte
	for {
		now, err := json.Marshal(h.info())
		if err == nil && !bytes.Equal(now, shown) {
			shown, err = now, s.send("event: modules\ndata: %s\n\n", now)
		}
		entries, changed := h.Recorder.since(last)
		for _, e := range entries {
			last = e.Number
			if err == nil {
				err = s.sendEntry(e)
			}
		}
		if err != nil {
			return // the browser is gone
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// seen returns the number of the last event that a browser has: from its header when it asks
// again, else from what its page shows, and else the last one that there was.
func (h *handler) seen(r *http.Request) int64 {
	if number, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		return number
	}
	if number, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64); err == nil {
		return number
	}
	entries, _ := h.Recorder.since(0)
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Number
}

func (s stream) sendEntry(e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.send("id: %d\ndata: %s\n\n", e.Number, data)
}

func (s stream) send(format string, args ...any) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.controller.Flush()
}
