package guest

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// piece is a struct of a module that leads to others.
type piece struct {
	name string
	sub  *piece
	list []*piece
}

func putPiece(c *Call, p *piece) {
	c.Out.String(p.name)
	PutPointer(c, p.sub, nil, putPiece)
	PutSlice(c, p.list, nil, putPieces)
}

func putPieces(c *Call, all []*piece) {
	for _, p := range all {
		PutPointer(c, p, nil, putPiece)
	}
}

// TestLookReplaced: what the module has replaced by something else is found to exist no more,
// though it leads to itself, and though the table knows it as what was there before.
func TestLookReplaced(t *testing.T) {
	t.Parallel()
	m := NewModule(Table{}, nil)
	root := &piece{name: "root"}
	set := &lastingSet{young: true}
	set.Begin([]any{&pointee[piece]{at: root, content: putPiece}}, lasts, true)
	set.loosen()
	m.lasting.add(set)
	update := func() {
		set.tighten()
		defer set.loosen()
		c := &Call{module: m}
		set.put(c, false)
		require.NoError(t, c.Out.Err)
	}
	for i := range 20 {
		sub := &piece{name: strconv.Itoa(i)}
		sub.sub = sub
		root.sub, root.list = sub, []*piece{{name: "first"}, sub}
		update()
	}
	m.lasting.look(false)
	update()
	things := 0
	for range set.All() {
		things++
	}
	assert.Equal(t, 4, things, "the root, and the struct, the list and its first element that it leads to")
	runtime.KeepAlive(root)
}
