package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// recipe runs the shell below a heading of docs/deployment.md, with the registry and the package of
// the test: recipe 'A fleet'.
func recipe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: recipe HEADING")
	}
	page, err := os.ReadFile(filepath.Join(ts.Getenv("PAGES"), "deployment.md"))
	ts.Check(err)
	_, section, found := strings.Cut(string(page), "# "+args[0]+"\n")
	if i := strings.Index(section, "\n#"); i >= 0 {
		section = section[:i+1]
	}
	shell := ""
	for _, block := range fence.FindAllStringSubmatch(section, -1) {
		if block[1] == "sh" {
			shell += block[2]
		}
	}
	if !found || shell == "" {
		ts.Fatalf("%s: there is no shell below that heading", args[0])
	}
	shell = strings.NewReplacer(
		"registry.example.com", ts.Getenv("IMAGES"), "github.com/gosimple/slug", "example.com/hello", "v1.15.0", "v1.0.0", "./host", "bin/host",
	).Replace(shell)
	ts.Check(ts.Exec("sh", "-euc", shell))
}
