package httpdebug

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/seconds"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// info is what the loader runs, with what keeps each module from the host.
type info struct {
	report.Info
	Modules []moduleRow `json:"modules"`
}

type moduleRow struct {
	report.ModuleInfo
	Module    string `json:"module"`    // name and version
	Isolation string `json:"isolation"` // its level
}

func (h *handler) info() info {
	isolation := make(map[string]string)
	for m := range h.loader.Modules() {
		isolation[m.String()+" "+m.Engine()] = m.Isolation().Level
	}
	all := info{Info: h.loader.Info(), Modules: []moduleRow{}}
	for _, m := range all.Info.Modules {
		name := m.Name
		if m.Version != "" {
			name += "@" + m.Version
		}
		all.Modules = append(all.Modules, moduleRow{m, name, isolation[name+" "+m.Engine]})
	}
	return all
}

func (h *handler) overview(w http.ResponseWriter, r *http.Request) {
	all := h.info()
	h.show(w, r, http.StatusOK, view{Page: "overview", Title: "Modules", Data: all}, all)
}

// modulePage is what is known of one module.
type modulePage struct {
	Name       string               `json:"name"`
	Path       string               `json:"path,omitempty"` // of its Go module
	Version    string               `json:"version,omitempty"`
	Why        string               `json:"why,omitempty"`
	Origin     string               `json:"origin"`
	Dir        string               `json:"dir,omitempty"`
	Hash       string               `json:"hash,omitempty"`
	Deprecated string               `json:"deprecated,omitempty"`
	Retracted  string               `json:"retracted,omitempty"`
	Engine     string               `json:"engine"`
	Isolation  engine.Isolation     `json:"isolation"`
	Grants     engine.Grants        `json:"grants"`
	Variables  []string             `json:"variables,omitempty"` // names of those that it was given
	Limits     limits               `json:"limits"`
	Imports    []string             `json:"imports"`
	ImportedBy []string             `json:"imported_by"`
	Sources    []find.ModuleVersion `json:"sources"`
	Symbols    []load.Symbol        `json:"symbols"`
	Stats      report.Stats         `json:"stats"`
	Events     []entry              `json:"events"` // that the recorder still has, newest first
}

type limits struct {
	Memory   int64           `json:"memory"` // in bytes; 0 where the engine's own applies
	CallTime seconds.Seconds `json:"call_time"`
}

func (h *handler) module(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	for m := range h.loader.Modules() {
		if m.String() == name {
			page := h.describe(m)
			h.show(w, r, http.StatusOK, view{Page: "module", Title: name, Data: page}, page)
			return
		}
	}
	h.fail(w, r, http.StatusNotFound, fmt.Errorf("%s is not loaded", name))
}

func (h *handler) describe(m *load.Module) modulePage {
	spec, bound := m.Spec(), m.Limits()
	page := modulePage{
		Name: m.Name(), Path: spec.Module, Version: m.Version(), Why: spec.Why, Origin: spec.Origin, Dir: spec.Source.Dir,
		Hash: spec.Source.Hash, Deprecated: spec.Deprecated, Retracted: spec.Retracted,
		Engine: m.Engine(), Isolation: m.Isolation(), Grants: m.Grants(),
		Limits:  limits{bound.Memory, seconds.Seconds(bound.CallTime)},
		Imports: []string{}, ImportedBy: []string{}, Sources: slices.Concat([]find.ModuleVersion{}, spec.BuildList),
		Symbols: slices.Concat([]load.Symbol{}, m.Symbols()), Stats: m.Stats(), Events: append([]entry{}, h.Recorder.about(m)...),
	}
	for _, variable := range page.Grants.Env {
		name, _, _ := strings.Cut(variable, "=")
		page.Variables = append(page.Variables, name)
	}
	for _, e := range h.loader.Graph().Imports {
		if e.From == m.String() {
			page.Imports = append(page.Imports, e.To)
		}
		if e.To == m.String() {
			page.ImportedBy = append(page.ImportedBy, e.From)
		}
	}
	return page
}

func (h *handler) graph(w http.ResponseWriter, r *http.Request) {
	g := h.loader.Graph()
	type node struct {
		Name           string
		Imports, Built []string
	}
	var nodes []node
	for _, name := range g.Modules {
		nodes = append(nodes, node{name, leadsTo(g.Imports, name), leadsTo(g.Built, name)})
	}
	data := struct {
		Picture template.HTML
		Nodes   []node
	}{picture(g), nodes}
	h.show(w, r, http.StatusOK, view{Page: "graph", Title: "Imports", Data: data}, g)
}

// picture draws a graph into a page: without the style of its own, which the page's policy does not
// let in, and which would hold for the whole page. The page's style has rules for it.
func picture(g report.Graph) template.HTML {
	before, rest, _ := strings.Cut(g.SVG(), "<style>")
	_, after, _ := strings.Cut(rest, "</style>\n")
	before = strings.Replace(before, ` xmlns="http://www.w3.org/2000/svg"`, "", 1) // HTML knows the element
	return template.HTML(before + after)                                           // SVG escapes what modules chose
}

// leadsTo returns where edges lead from a module.
func leadsTo(edges []report.Edge, from string) []string {
	var to []string
	for _, e := range edges {
		if e.From == from {
			to = append(to, e.To)
		}
	}
	return to
}

func (h *handler) loads(w http.ResponseWriter, r *http.Request) {
	loads := h.Recorder.lastLoads()
	out := []loadJSON{}
	for _, l := range loads {
		out = append(out, l.json())
	}
	h.show(w, r, http.StatusOK, view{Page: "loads", Title: "Last loads", Data: loads}, out)
}

func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	entries, _ := h.Recorder.since(0)
	entries = append([]entry{}, entries...) // never null
	slices.Reverse(entries)
	h.show(w, r, http.StatusOK, view{Page: "events", Title: "Events", Data: entries}, entries)
}

// storePage is what is in the store.
type storePage struct {
	Dir       string `json:"dir"`
	Packages  int    `json:"packages"`
	Modules   int    `json:"modules"`
	Artifacts int    `json:"artifacts"`
	Sources   int    `json:"sources"`
	Size      int64  `json:"size"` // in bytes
}

func (h *handler) store(w http.ResponseWriter, r *http.Request) {
	if h.Store == nil {
		h.fail(w, r, http.StatusNotFound, errors.New("no store is shown: set Options.Store"))
		return
	}
	page, err := describeStore(h.Store)
	if err != nil {
		h.fail(w, r, http.StatusInternalServerError, err)
		return
	}
	h.show(w, r, http.StatusOK, view{Page: "store", Title: "Store", Data: page}, page)
}

func describeStore(s *store.Store) (storePage, error) {
	stats, err := s.Stats()
	return storePage{s.Dir(), stats.Packages, stats.Modules, stats.Artifacts, stats.Sources, stats.Size}, err
}

// CallTime is the limit of one call.
func (p modulePage) CallTime() time.Duration { return time.Duration(p.Limits.CallTime) }
