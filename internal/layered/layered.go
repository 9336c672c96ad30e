// Package layered lays graphs out in layers, each edge leading from one layer to a later one, with
// few crossings (Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
// structures", 1981).
package layered

import (
	"cmp"
	"slices"
)

// Layout is where the nodes and edges of a graph are.
type Layout struct {
	Layer  []int       // of each node, from 0
	Row    []float64   // of each node in its layer; rows of one layer are at least 1 apart
	Bends  [][]float64 // of each edge, its rows in the layers between those of its ends
	Layers int
	Rows   float64 // of the longest layer, with the space in it
}

// Of lays out a graph of n nodes. Edges lead from a node to another; one that closes a circle is
// drawn against its direction, and one to its own node is left out.
func Of(n int, edges [][2]int) *Layout {
	g := &graph{place: make([]int, n)}
	down := acyclic(n, edges)
	l := &Layout{Layer: layers(n, down), Bends: make([][]float64, len(edges))}
	for v, layer := range l.Layer {
		g.add(v, layer)
	}
	bends := make([][]int, len(edges)) // the nodes that stand for an edge in the layers between
	for i, e := range down {
		last := e[0]
		if e[0] == e[1] {
			continue
		}
		for layer := l.Layer[e[0]] + 1; layer < l.Layer[e[1]]; layer++ {
			bend := len(g.place)
			g.place = append(g.place, 0)
			g.add(bend, layer)
			bends[i] = append(bends[i], bend)
			g.links = append(g.links, [2]int{last, bend})
			last = bend
		}
		g.links = append(g.links, [2]int{last, e[1]})
	}
	g.order()
	rows := g.rows()
	l.Row, l.Layers = rows[:n:n], len(g.layers)
	for i := range edges {
		for _, bend := range bends[i] {
			l.Bends[i] = append(l.Bends[i], rows[bend])
		}
		if down[i] != edges[i] {
			slices.Reverse(l.Bends[i])
		}
	}
	for _, row := range rows {
		l.Rows = max(l.Rows, row+1)
	}
	return l
}

// acyclic returns the edges, those turned round that would close a circle.
func acyclic(n int, edges [][2]int) [][2]int {
	down := slices.Clone(edges)
	leaving := make([][]int, n)
	for i, e := range edges {
		leaving[e[0]] = append(leaving[e[0]], i)
	}
	const (
		fresh = iota
		open
		closed
	)
	state := make([]int, n)
	var visit func(v int)
	visit = func(v int) {
		state[v] = open
		for _, i := range leaving[v] {
			switch to := edges[i][1]; state[to] {
			case fresh:
				visit(to)
			case open:
				down[i] = [2]int{to, v}
			}
		}
		state[v] = closed
	}
	for v := range n {
		if state[v] == fresh {
			visit(v)
		}
	}
	return down
}

// layers gives each node the first layer behind all that lead to it.
func layers(n int, edges [][2]int) []int {
	layer, waits := make([]int, n), make([]int, n)
	leaving := make([][]int, n)
	for _, e := range edges {
		if e[0] != e[1] {
			leaving[e[0]] = append(leaving[e[0]], e[1])
			waits[e[1]]++
		}
	}
	var ready []int
	for v := range n {
		if waits[v] == 0 {
			ready = append(ready, v)
		}
	}
	for len(ready) > 0 {
		v := ready[0]
		ready = ready[1:]
		for _, to := range leaving[v] {
			layer[to] = max(layer[to], layer[v]+1)
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	return layer
}

// graph is one whose links lead to the next layer only.
type graph struct {
	layers [][]int  // the nodes of each, in order
	place  []int    // of each node in its layer
	links  [][2]int // from a layer to the next
}

func (g *graph) add(v, layer int) {
	for len(g.layers) <= layer {
		g.layers = append(g.layers, nil)
	}
	g.place[v] = len(g.layers[layer])
	g.layers[layer] = append(g.layers[layer], v)
}

// neighbours returns the nodes that each node is linked to, before it and behind it.
func (g *graph) neighbours() (before, behind [][]int) {
	before, behind = make([][]int, len(g.place)), make([][]int, len(g.place))
	for _, e := range g.links {
		behind[e[0]] = append(behind[e[0]], e[1])
		before[e[1]] = append(before[e[1]], e[0])
	}
	return before, behind
}

// sweeps is how often each layer is sorted anew.
const sweeps = 12

// order sorts the layers so that few links cross: each by where the neighbours in the layer before
// are, then each by those behind, and again. The best order stays.
func (g *graph) order() {
	before, behind := g.neighbours()
	best, fewest := g.clone(), g.crossings()
	for sweep := range sweeps {
		if sweep%2 == 0 {
			for i := 1; i < len(g.layers); i++ {
				g.sort(i, before)
			}
		} else {
			for i := len(g.layers) - 2; i >= 0; i-- {
				g.sort(i, behind)
			}
		}
		if n := g.crossings(); n < fewest {
			best, fewest = g.clone(), n
		}
	}
	g.layers = best
	for _, layer := range g.layers {
		for i, v := range layer {
			g.place[v] = i
		}
	}
}

func (g *graph) clone() [][]int {
	var all [][]int
	for _, layer := range g.layers {
		all = append(all, slices.Clone(layer))
	}
	return all
}

// sort sorts a layer by the mean places of its nodes' neighbours.
func (g *graph) sort(layer int, neighbours [][]int) {
	wanted := make(map[int]float64)
	for _, v := range g.layers[layer] {
		wanted[v] = mean(neighbours[v], float64(g.place[v]), func(n int) float64 { return float64(g.place[n]) })
	}
	slices.SortStableFunc(g.layers[layer], func(a, b int) int { return cmp.Compare(wanted[a], wanted[b]) })
	for i, v := range g.layers[layer] {
		g.place[v] = i
	}
}

// mean is the mean of what the nodes have, or alone if there are none.
func mean(nodes []int, alone float64, of func(int) float64) float64 {
	if len(nodes) == 0 {
		return alone
	}
	sum := 0.0
	for _, n := range nodes {
		sum += of(n)
	}
	return sum / float64(len(nodes))
}

// crossings counts the links that cross.
func (g *graph) crossings() int {
	byLayer := make([][][2]int, len(g.layers))
	layer := make([]int, len(g.place))
	for i, nodes := range g.layers {
		for _, v := range nodes {
			layer[v] = i
		}
	}
	for _, e := range g.links {
		i := layer[e[0]]
		byLayer[i] = append(byLayer[i], [2]int{g.place[e[0]], g.place[e[1]]})
	}
	count := 0
	for i, links := range byLayer {
		if len(links) == 0 {
			continue
		}
		slices.SortFunc(links, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		seen := make([]int, len(g.layers[i+1])+1) // a Fenwick tree of the ends
		for n, link := range links {
			upTo := 0
			for j := link[1] + 1; j > 0; j -= j & -j {
				upTo += seen[j]
			}
			count += n - upTo
			for j := link[1] + 1; j < len(seen); j += j & -j {
				seen[j]++
			}
		}
	}
	return count
}

// rows places the nodes of each layer near their neighbours, in order and at least 1 apart.
func (g *graph) rows() []float64 {
	before, behind := g.neighbours()
	rows := make([]float64, len(g.place))
	for _, layer := range g.layers {
		for i, v := range layer {
			rows[v] = float64(i) - float64(len(layer))/2
		}
	}
	at := func(v int) float64 { return rows[v] }
	for pass := range sweeps {
		for i := range g.layers {
			layer := g.layers[i]
			if pass%2 == 1 {
				layer = g.layers[len(g.layers)-1-i]
			}
			wanted := make([]float64, len(layer))
			for j, v := range layer {
				wanted[j] = mean(slices.Concat(before[v], behind[v]), rows[v], at)
			}
			for j, row := range apart(wanted) {
				rows[layer[j]] = row
			}
		}
	}
	if len(rows) > 0 {
		first := slices.Min(rows)
		for v := range rows {
			rows[v] -= first
		}
	}
	return rows
}

// apart returns the rows nearest to those that are wanted, by the sum of squares, in order and at
// least 1 apart.
func apart(wanted []float64) []float64 {
	type block struct {
		sum   float64
		count int
	}
	var blocks []block
	for i, w := range wanted {
		blocks = append(blocks, block{w - float64(i), 1})
		for n := len(blocks); n > 1; n = len(blocks) {
			last, previous := blocks[n-1], blocks[n-2]
			if previous.sum/float64(previous.count) <= last.sum/float64(last.count) {
				break
			}
			blocks = append(blocks[:n-2], block{previous.sum + last.sum, previous.count + last.count})
		}
	}
	var rows []float64
	for _, b := range blocks {
		for range b.count {
			rows = append(rows, b.sum/float64(b.count)+float64(len(rows)))
		}
	}
	return rows
}
