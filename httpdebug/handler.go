package httpdebug

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/webhost"
	"github.com/loadgo/load/store"
)

// Options say what a [Handler] shows and allows. The zero value shows what the loader knows.
type Options struct {
	// Prefix is the path that the handler is served under, with slashes at both ends; "" is
	// "/debug/load/".
	Prefix string

	// Recorder keeps the events and loads to show; nil shows none.
	Recorder *Recorder

	// Store is the loader's store; nil shows nothing of it.
	Store *store.Store

	// Hosts are the names, besides localhost, that a server on an address of this machine alone is
	// asked by: those that a proxy on the machine hands on, "debug.example.com". A request by any
	// other name is refused, since a page of another site may have made its own name lead here.
	Hosts []string

	// Control allows POST requests of the same origin, and of clients that are no browsers, to
	// unload and reload modules, and to collect what is unused in the Store.
	Control bool

	// GC says what is collected; nil collects what was not used for 30 days.
	GC *store.GC
}

// control bounds how long an unload, a reload or a collection works, whether or not the browser
// still waits.
const control = 30 * time.Second

//go:embed page/page.html
var pageText string

//go:embed page/style.css
var styleText []byte

//go:embed page/live.js
var liveText []byte

type handler struct {
	Options
	loader  *load.Loader
	page    *template.Template
	streams chan struct{} // holds a token for each that is under way
}

// Handler returns the pages about a loader, to be served under [Options.Prefix].
func Handler(l *load.Loader, options Options) http.Handler {
	if options.Prefix == "" {
		options.Prefix = "/debug/load/"
	}
	if options.Recorder == nil {
		options.Recorder = NewRecorder(1)
	}
	if options.GC == nil {
		options.GC = &store.GC{Unused: 30 * 24 * time.Hour}
	}
	h := &handler{Options: options, loader: l, streams: make(chan struct{}, liveAtOnce)}
	h.page = template.Must(template.New("page").Funcs(template.FuncMap{
		"size": quantity.About, "took": quantity.Took, "when": when,
		"latency": func(l engine.Latency, part float64) string {
			if l.Calls == 0 {
				return "–"
			}
			return quantity.Took(l.Quantile(part))
		},
	}).Parse(pageText))
	mux := http.NewServeMux()
	route := func(method, path string, f http.HandlerFunc) { mux.HandleFunc(method+" "+options.Prefix+path, f) }
	route("GET", "{$}", h.overview)
	route("GET", "module", h.module)
	route("GET", "graph", h.graph)
	route("GET", "loads", h.loads)
	route("GET", "store", h.store)
	route("GET", "events", h.events)
	route("GET", "live", h.live)
	route("GET", "style.css", file("text/css; charset=utf-8", styleText))
	route("GET", "live.js", file("text/javascript; charset=utf-8", liveText))
	if options.Control {
		route("POST", "unload", h.unload)
		route("POST", "reload", h.reload)
		if options.Store != nil {
			route("POST", "gc", h.collect)
		}
	}
	return secure(h.named(http.NewCrossOriginProtection().Handler(mux)))
}

// named refuses what was asked of this machine by the name of another: to a browser whose name
// server led it here, its page and the handler are of one origin.
func (h *handler) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		same := func(name string) bool { return webhost.Canonical(name) == webhost.Canonical(host) }
		if onlyHere(r) && !webhost.IsLocal(host) && !slices.ContainsFunc(h.Hosts, same) {
			h.fail(w, r, http.StatusMisdirectedRequest, fmt.Errorf("%q is not a name of this server; name it in httpdebug.Options.Hosts if it is", host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyHere reports whether a request came over an address that only this machine reaches.
func onlyHere(r *http.Request) bool {
	address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// secure lets a page use nothing but what the handler serves, and nobody frame or cache it.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "same-origin") // with none, browsers send the origin "null" along with forms
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func file(contentType string, data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(data)
	}
}

// view is what a page shows.
type view struct {
	Page    string // which template
	Title   string
	Control bool
	Data    any
}

// show answers with a page, or with data as JSON where the request asks for that.
func (h *handler) show(w http.ResponseWriter, r *http.Request, status int, v view, data any) {
	w.Header().Add("Vary", "Accept")
	var body bytes.Buffer
	var err error
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(&body)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(data)
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		v.Control = h.Control
		err = h.page.Execute(&body, v)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// fail answers with an error.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	h.show(w, r, status, view{Page: "error", Title: http.StatusText(status), Data: err.Error()}, map[string]string{"error": err.Error()})
}

// wantsJSON reports whether a request asks for JSON rather than for a page.
func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// working returns a context for work that goes on when the browser leaves.
func working(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), control)
}

// when returns a time as it is shown.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("2006-01-02 15:04:05")
}
