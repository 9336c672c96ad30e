package report_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/report"
)

// elements reads a picture and counts its elements.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	count := make(map[string]int)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return count
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			count[start.Name.Local]++
		}
	}
}

// TestSVG: the picture holds each node and edge once, says the same in words, and survives names
// that are code.
func TestSVG(t *testing.T) {
	t.Parallel()
	g := report.Graph{
		Modules: []string{"a", "b", `<script>"&` + "\x1b"},
		Imports: []report.Edge{{From: "a", To: "b"}, {From: "a", To: `<script>"&` + "\x1b"}, {From: "b", To: "a"}},
		Built:   []report.Edge{{From: "a", To: "a"}, {From: "b", To: "z@v1.0.0"}},
	}
	svg := g.SVG()
	count := elements(t, svg)
	assert.Equal(t, 5, count["rect"], "a Go module is a node beside the module of its name")
	assert.Equal(t, 5+1, count["path"], "and the arrow")
	assert.Contains(t, svg, `<title id="title">3 modules and what they import</title>`)
	assert.Contains(t, svg, `<desc id="words">a imports b, &lt;script&gt;&#34;&amp;`+"\uFFFD"+`. b imports a. a is built from a. b is built from z@v1.0.0.</desc>`)
	assert.NotContains(t, svg, "<script")
	assert.Regexp(t, `width="([0-9]+)" height="([0-9]+)" viewBox="0 0 [0-9]+ [0-9]+">`, svg)
	assert.Contains(t, svg, "prefers-color-scheme: dark")
	assert.Equal(t, map[string]int{"svg": 1, "title": 1, "desc": 1, "style": 1, "marker": 1, "path": 1}, elements(t, report.Graph{}.SVG()))
}

// TestSVGLarge: with 100 modules no name lies upon another.
func TestSVGLarge(t *testing.T) {
	t.Parallel()
	var g report.Graph
	for i := range 100 {
		name := fmt.Sprintf("example.com/some/module%d@v1.%d.0", i, i)
		g.Modules = append(g.Modules, name)
		if i > 0 {
			g.Imports = append(g.Imports, report.Edge{From: g.Modules[i/3], To: name})
			g.Imports = append(g.Imports, report.Edge{From: g.Modules[i/7], To: name})
		}
	}
	svg := g.SVG()
	assert.Equal(t, 100, elements(t, svg)["rect"])
	type box struct{ x, y, w, h float64 }
	var boxes []box
	for line := range strings.Lines(svg) {
		var b box
		if i := strings.Index(line, "<rect x="); i >= 0 {
			_, err := fmt.Sscanf(line[i:], `<rect x="%f" y="%f" width="%f" height="%f"`, &b.x, &b.y, &b.w, &b.h)
			require.NoError(t, err)
			for _, o := range boxes {
				assert.False(t, b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h, "%v %v", b, o)
			}
			boxes = append(boxes, b)
		}
	}
	require.Len(t, boxes, 100)
}

// A module that nothing joins is named, too.
func TestSVGOfOne(t *testing.T) {
	t.Parallel()
	svg := report.Graph{Modules: []string{"strings"}}.SVG()
	assert.Contains(t, svg, `<title id="title">1 module and what it imports</title>`)
	assert.Contains(t, svg, `<desc id="words">strings imports nothing.</desc>`)
}
