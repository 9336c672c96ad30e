package httpdebug

import (
	"errors"
	"net/http"

	"github.com/loadgo/load"
	"github.com/loadgo/load/store"
)

// unload unloads the module that the form names.
func (h *handler) unload(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := working(r)
	defer cancel()
	report, err := h.loader.Unload(ctx, r.FormValue("name"))
	h.answer(w, r, report, err)
}

// reload reloads the module that the form names.
func (h *handler) reload(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := working(r)
	defer cancel()
	m, err := h.loader.Reload(ctx, r.FormValue("name"))
	if err != nil {
		h.answer(w, r, nil, err)
		return
	}
	h.answer(w, r, map[string]string{"name": m.Name(), "version": m.Version()}, nil)
}

// collect removes from the store what is unused.
func (h *handler) collect(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := working(r)
	defer cancel()
	removed, err := h.Store.Collect(ctx, *h.GC)
	if removed == nil {
		removed = []store.Item{}
	}
	if err != nil || wantsJSON(r) {
		h.answer(w, r, map[string]any{"removed": removed}, err)
		return
	}
	h.show(w, r, http.StatusOK, view{Page: "collected", Title: "Collected", Data: removed}, nil)
}

// answer tells what a POST has done: a browser is led to the overview.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, data any, err error) {
	switch {
	case errors.Is(err, load.ErrNotLoaded):
		h.fail(w, r, http.StatusNotFound, err)
	case err != nil:
		h.fail(w, r, http.StatusConflict, err)
	case wantsJSON(r):
		h.show(w, r, http.StatusOK, view{}, data)
	default:
		http.Redirect(w, r, h.Prefix, http.StatusSeeOther)
	}
}
