// Command stubs uses three packages that are loaded when they are first used: only its import lines
// say so. Built with the tag load_linked, it has the packages in itself.
package main

import (
	"io"
	"log"
	"os"

	"github.com/loadgo/load/examples/stubs/lib/net/url"
	"github.com/loadgo/load/examples/stubs/lib/text/tabwriter"
	"github.com/loadgo/load/examples/stubs/lib/text/template"
)

//go:generate go run github.com/loadgo/load/cmd/load gen -tree -o lib text/template text/tabwriter net/url

const page = "{{range .}}{{.Name}}\t{{.Link}}\n{{end}}"

type entry struct{ Name, Link string }

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer) error {
	link := url.URL{Scheme: "https", Host: "example.com", Path: "/a b", User: url.User("ann")} // data, and a held value in it
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)                                           // a held value
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	entries := []entry{{"documentation", link.String()}, {"query", url.QueryEscape("x=1&y")}}
	if err := t.Execute(table, entries); err != nil { // it writes to the other package's writer
		return err
	}
	return table.Flush()
}
