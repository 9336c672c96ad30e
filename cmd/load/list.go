package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/store"
)

func listCommand() command {
	return command{
		name:  "list",
		short: "list the installed packages",
		long: `
List prints a line for each installed package: its name, its version, and the number of modules that it
is built from; then one for each repository, archive or file that was installed: its name, version and kind.`,
		flags: func(f *pflag.FlagSet, o *options) { o.jsonFlag(f) },
		takes: nothing,
		run:   runList,
	}
}

// listedModule is what list prints about a module.
type listedModule struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Kind    string   `json:"kind,omitempty"`    // of what is no Go package
	Modules int      `json:"modules,omitempty"` // that a Go package is built from
	Along   []string `json:"along,omitempty"`   // the companions that it is built with
}

func runList(_ context.Context, s *session, _ []string) error {
	all, err := listed()
	if err != nil {
		return err
	}
	if s.json {
		return printJSON(s.stdout, all)
	}
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	for _, m := range all {
		what := m.Kind
		if what == "" {
			what = phrase.Count(m.Modules, "module")
		}
		if len(m.Along) > 0 {
			what += ", with " + strings.Join(m.Along, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", m.Name, m.Version, what)
	}
	return w.Flush()
}

// listed reads what is installed.
func listed() ([]listedModule, error) {
	st, err := store.Open(os.Getenv("LOAD_DIR"))
	if err != nil {
		return nil, err
	}
	all := []listedModule{}
	for record, err := range st.AllRecords(runtime.GOOS + "_" + runtime.GOARCH) {
		if err != nil {
			return nil, err
		}
		m := listedModule{Name: record.Package, Version: record.Version, Modules: len(record.BuildList)}
		for _, c := range record.Along {
			m.Along = append(m.Along, c.Path)
		}
		all = append(all, m)
	}
	for record, err := range st.SourceRecords() {
		if err != nil {
			return nil, err
		}
		all = append(all, listedModule{Name: record.Name, Version: record.Version, Kind: string(record.Kind)})
	}
	return all, nil
}
