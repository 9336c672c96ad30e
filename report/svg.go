package report

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loadgo/load/internal/layered"
	"github.com/loadgo/load/internal/phrase"
)

// Measures of the picture, in pixels.
const (
	letter  = 7.9 // of the widest font that the style names, at its size
	height  = 26.0
	pitch   = 36.0 // from row to row
	padding = 10.0
	gap     = 70.0 // between layers
	margin  = 20.0
)

const svgStyle = `<style>
svg { background: #fff; color: #1b1f24 }
text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: currentColor }
rect { fill: #eef4ff; stroke: #3b6fd4 }
.built rect { fill: none; stroke: #6b7280; stroke-dasharray: 4 3 }
path { fill: none; stroke: #3b6fd4; stroke-width: 1.3 }
path.built { stroke: #6b7280; stroke-dasharray: 4 3 }
marker path { fill: context-stroke; stroke: none }
@media (prefers-color-scheme: dark) {
svg { background: #15181d; color: #e6e6e6 }
rect { fill: #1d2a44; stroke: #8ab4ff }
path { stroke: #8ab4ff }
.built rect, path.built { stroke: #9aa3af }
}
</style>
<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker>
`

// SVG returns the graph as a picture, from what imports on the left to what is imported on the
// right, in the colours that the reader prefers, light or dark. What a module is built from hangs
// on dashed lines. Its description says the same in words.
func (g Graph) SVG() string {
	p := picture{known: make(map[string]int)}
	for _, m := range g.Modules {
		p.node(m, false)
	}
	var words strings.Builder
	edges := func(all []Edge, verb string, built bool) {
		last := ""
		for _, e := range all {
			if e.From == last {
				words.WriteString(", " + e.To)
			} else {
				if last != "" {
					words.WriteString(". ")
				}
				fmt.Fprintf(&words, "%s %s %s", e.From, verb, e.To)
			}
			last = e.From
			p.edges, p.built = append(p.edges, [2]int{p.node(e.From, false), p.node(e.To, built)}), append(p.built, built)
		}
		if last != "" {
			words.WriteString(". ")
		}
	}
	edges(g.Imports, "imports", false)
	edges(g.Built, "is built from", true)
	for _, m := range g.Modules {
		if joined := func(e Edge) bool { return e.From == m || e.To == m }; !slices.ContainsFunc(slices.Concat(g.Imports, g.Built), joined) {
			fmt.Fprintf(&words, "%s imports nothing. ", m)
		}
	}
	title := phrase.Count(len(g.Modules), "module") + " and what they import"
	if len(g.Modules) == 1 {
		title = "1 module and what it imports"
	}
	return p.draw(title, strings.TrimSpace(words.String()))
}

// picture is a graph that is drawn.
type picture struct {
	names   []string
	modules []bool // the nodes that are Go modules, which something is built from
	known   map[string]int
	edges   [][2]int
	built   []bool
}

// node returns the number of a node. A module that runs and a Go module may have one name.
func (p *picture) node(name string, built bool) int {
	key := fmt.Sprint(built, name)
	n, known := p.known[key]
	if !known {
		n = len(p.names)
		p.known[key] = n
		p.names, p.modules = append(p.names, name), append(p.modules, built)
	}
	return n
}

func (p *picture) draw(title, words string) string {
	l := layered.Of(len(p.names), p.edges)
	widest := make([]float64, l.Layers)
	width := func(n int) float64 { return float64(utf8.RuneCountInString(p.names[n]))*letter + 2*padding }
	for n, layer := range l.Layer {
		widest[layer] = max(widest[layer], width(n))
	}
	left := make([]float64, l.Layers+1)
	left[0] = margin
	for layer, w := range widest {
		left[layer+1] = left[layer] + w + gap
	}
	middle := func(row float64) float64 { return margin + row*pitch + height/2 }

	var b strings.Builder
	w, h := max(left[l.Layers]-gap, 0)+margin, 2*margin+max(l.Rows-1, 0)*pitch+height
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title words" width="%.0f" height="%.0f" viewBox="0 0 %.0[1]f %.0[2]f">`+"\n", w, h)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"words\">%s</desc>\n%s", escaped(title), escaped(words), svgStyle)
	for i, e := range p.edges {
		if e[0] == e[1] {
			continue
		}
		from, to := e[0], e[1]
		x, end := left[l.Layer[from]]+width(from), left[l.Layer[to]]
		step := 1
		if l.Layer[to] < l.Layer[from] { // it closes a circle
			x, end, step = left[l.Layer[from]], left[l.Layer[to]]+width(to), -1
		}
		class := ""
		if p.built[i] {
			class = ` class="built"`
		}
		y := middle(l.Row[from])
		fmt.Fprintf(&b, `<path%s marker-end="url(#arrow)" d="M%.1f %.1f`, class, x, y)
		curve := func(toX, toY float64) {
			half := (x + toX) / 2
			fmt.Fprintf(&b, " C%.1f %.1f %.1f %.1f %.1f %.1f", half, y, half, toY, toX, toY)
			x, y = toX, toY
		}
		for j, row := range l.Bends[i] {
			layer := l.Layer[from] + step*(j+1)
			near, far := left[layer], left[layer]+widest[layer]
			if step < 0 {
				near, far = far, near
			}
			curve(near, middle(row))
			fmt.Fprintf(&b, " H%.1f", far)
			x = far
		}
		curve(end, middle(l.Row[to]))
		b.WriteString("\"/>\n")
	}
	for n, name := range p.names {
		x, y := left[l.Layer[n]], middle(l.Row[n])
		class := ""
		if p.modules[n] {
			class = ` class="built"`
		}
		fmt.Fprintf(&b, "<g%s><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" rx=\"5\"/><text x=\"%.1f\" y=\"%.1f\">%s</text></g>\n",
			class, x, y-height/2, width(n), height, x+padding, y+4.5, escaped(name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// escaped writes text as XML can hold it.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}
