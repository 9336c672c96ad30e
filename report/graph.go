package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Graph is what imports what among the modules that run, and what Go modules each is built from.
type Graph struct {
	Modules []string `json:"modules"` // with their versions, sorted
	Imports []Edge   `json:"imports"` // sorted
	// Built leads from modules to the entries of their build lists: "golang.org/x/text@v0.38.0".
	Built []Edge `json:"built"`
}

// Edge leads from a module to what it needs.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// DOT returns the graph in the language of Graphviz. What a module is built from hangs on dashed
// lines.
func (g Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph modules {\n")
	for _, m := range g.Modules {
		fmt.Fprintf(&b, "\t%q;\n", m)
	}
	for _, e := range g.Imports {
		fmt.Fprintf(&b, "\t%q -> %q;\n", e.From, e.To)
	}
	for _, e := range g.Built {
		fmt.Fprintf(&b, "\t%q -> %q [style=dashed];\n", e.From, "module "+e.To)
	}
	b.WriteString("}\n")
	return b.String()
}

// Mermaid returns the graph as a Mermaid flowchart. What a module is built from hangs on dotted
// lines.
func (g Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := make(map[string]string)
	node := func(name string) string {
		id, known := ids[name]
		if !known {
			id = "m" + strconv.Itoa(len(ids))
			ids[name] = id
			fmt.Fprintf(&b, "\t%s[\"%s\"]\n", id, strings.NewReplacer("\"", "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;").Replace(name))
		}
		return id
	}
	for _, m := range g.Modules {
		node(m)
	}
	for _, e := range g.Imports {
		from, to := node(e.From), node(e.To)
		fmt.Fprintf(&b, "\t%s --> %s\n", from, to)
	}
	for _, e := range g.Built {
		from, to := node(e.From), node("module "+e.To)
		fmt.Fprintf(&b, "\t%s -.-> %s\n", from, to)
	}
	return b.String()
}
