package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"

	"github.com/loadgo/load/store"
)

func listCommand() command {
	return command{
		name:  "list",
		short: "list the installed packages",
		long: `
List prints a line for each installed package: its name, its version, and the number of modules that it
is built from; then one for each repository, archive or file that was installed: its name, version and kind.`,
		run: runList,
	}
}

func runList(_ context.Context, s *session, args []string) error {
	if len(args) != 0 {
		return &usageError{"it takes no arguments"}
	}
	st, err := store.Open(os.Getenv("LOAD_DIR"))
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	for record, err := range st.AllRecords(runtime.GOOS + "_" + runtime.GOARCH) {
		if err != nil {
			return err
		}
		modules := "1 module"
		if n := len(record.BuildList); n != 1 {
			modules = fmt.Sprintf("%d modules", n)
		}
		for i, c := range record.Along {
			modules += []string{", with ", ", "}[min(i, 1)] + c.Path
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", record.Package, record.Version, modules)
	}
	for record, err := range st.SourceRecords() {
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", record.Name, record.Version, record.Kind)
	}
	return w.Flush()
}
