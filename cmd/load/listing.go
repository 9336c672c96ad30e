package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// versioned is a module that a command brought, removed or wrote down, as listings have it.
type versioned struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Was     string `json:"was,omitempty"` // the version before
}

func (v versioned) String() string { return strings.TrimSuffix(v.Name+" "+v.Version, " ") }

// list prints what a command lists: with -json as one array, and else a line for each.
func list[T fmt.Stringer](s *session, all []T) error {
	s.progress.Clear()
	if s.json {
		if all == nil {
			all = []T{}
		}
		return printJSON(s.stdout, all)
	}
	for _, v := range all {
		if _, err := fmt.Fprintln(s.stdout, v); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints v as one indented JSON document.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	return e.Encode(v)
}
