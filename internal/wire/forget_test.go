package wire

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// node is a variable of a program, and id which one it is to both programs.
type node struct {
	id, value uint64
	refs      []*node
}

// toy is a node as a lasting thing.
type toy struct {
	at  *node // nil where it exists no more
	was node  // what both sides have
}

var nodeType = reflect.TypeFor[node]()

func (t *toy) Place(s *Sharing, n int) { s.Place(n, unsafe.Pointer(t.at), nodeType, 0) }

func (t *toy) keep() { t.was = *t.at; t.was.refs = slices.Clone(t.at.refs) }

func (t *toy) changed() bool {
	return t.at.value != t.was.value || !slices.Equal(t.at.refs, t.was.refs)
}

// program is one side: what it holds beside the root, and the table.
type program struct {
	t *testing.T
	Lasting
	root *node
	held map[uint64]*node
	own  map[uint64]*node // every node that it has had of an id, as long as it exists
}

func newProgram(t *testing.T, module bool) *program {
	p := &program{t: t, root: &node{id: 1}, held: map[uint64]*node{}, own: map[uint64]*node{}}
	p.own[1] = p.root
	thing := &toy{at: p.root}
	thing.keep()
	p.Begin([]any{thing}, func(any) bool { return true }, module)
	return p
}

// collect ends what cannot be reached.
func (p *program) collect() {
	live := map[*node]bool{}
	var mark func(n *node)
	mark = func(n *node) {
		if !live[n] {
			live[n] = true
			for _, r := range n.refs {
				mark(r)
			}
		}
	}
	mark(p.root)
	for _, n := range p.held {
		mark(n)
	}
	for _, t := range p.All() {
		if t := t.(*toy); t.at != nil && !live[t.at] {
			t.at = nil
		}
	}
	for id, n := range p.own {
		if !live[n] {
			delete(p.own, id)
		}
	}
}

// message is an update, or nil where there is nothing to say.
func (p *program) message() []byte {
	var changed, lost []int
	for n, t := range p.All() {
		switch t := t.(*toy); {
		case t.at == nil:
			lost = append(lost, n)
		case t.changed():
			t.keep()
			changed = append(changed, n)
		}
	}
	numbers, send := p.Note(changed, lost)
	if !send {
		return nil
	}
	var e Encoder
	s := p.PutHead(&e, numbers)
	for _, n := range numbers {
		p.put(&e, s, p.Thing(n).(*toy).at)
	}
	p.PutEnd()
	require.NoError(p.t, e.Err)
	return e.Buf
}

func (p *program) put(e *Encoder, s *Sharing, n *node) {
	e.Uint(n.id)
	e.Uint(n.value)
	e.Len(len(n.refs), false)
	for _, r := range n.refs {
		if local, ok := s.Find(unsafe.Pointer(r), nodeType, 0); ok {
			e.Uint(ShareRef + uint64(local))
			continue
		}
		t := &toy{at: r}
		s.Add(unsafe.Pointer(r), nodeType, 0, t)
		e.Uint(ShareNew)
		s.PutNumber(e, t, unsafe.Pointer(r), nodeType, 0)
		t.keep()
		p.put(e, s, r)
	}
}

func (p *program) take(message []byte) {
	d := NewDecoder(message)
	s, numbers, _, news := p.TakeHead(&d, true)
	require.NoError(p.t, d.Err())
	if !news {
		return
	}
	for _, n := range numbers {
		t := p.Thing(n).(*toy)
		p.revive(t)
		s.Place(slices.Index(numbers, n), unsafe.Pointer(t.at), nodeType, 0)
	}
	for _, n := range numbers {
		p.fill(&d, s, p.Thing(n).(*toy), true)
	}
	require.NoError(p.t, d.End())
}

func (p *program) revive(t *toy) {
	if t.at == nil {
		t.at = &node{}
	}
}

func (p *program) fill(d *Decoder, s *Sharing, t *toy, to bool) {
	n := t.at
	if !to {
		n = &node{}
	}
	n.id, n.value, n.refs = d.Uint(), d.Uint(), nil
	if own := p.own[n.id]; to && own != n {
		require.Nil(p.t, own, "the program has another one of %d already", n.id)
		p.own[n.id] = n
	}
	count, _ := d.Len(1)
	for range count {
		head := d.Uint()
		if head >= ShareRef {
			n.refs = append(n.refs, s.Things[head-ShareRef].(*toy).at)
			continue
		}
		number := s.TakeNumber(d)
		require.NoError(p.t, d.Err())
		r, ok := number.Thing.(*toy)
		if !ok {
			r = &toy{}
			s.SetNumber(number, r)
		}
		to := r.at == nil || !number.Old
		p.revive(r)
		s.Add(unsafe.Pointer(r.at), nodeType, 0, r)
		n.refs = append(n.refs, r.at)
		p.fill(d, s, r, to)
	}
	if to {
		t.keep()
	}
}

// nodes are those that can be reached from the root, in the order in which they are.
func (p *program) nodes() (all []*node) {
	all = []*node{p.root}
	for i := 0; i < len(all); i++ {
		for _, r := range all[i].refs {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// change changes something that the root leads to, and what the program holds beside.
func (p *program) change(r *rand.Rand, last *uint64) {
	all := p.nodes()
	at := all[r.IntN(len(all))]
	switch r.IntN(7) {
	case 0:
		at.value++
	case 1:
		*last++
		at.refs = append(at.refs, &node{id: *last})
		p.own[*last] = at.refs[len(at.refs)-1]
	case 2:
		at.refs = nil
	case 3:
		at.refs = append(slices.Clone(at.refs), all[r.IntN(len(all))])
	default: // what has been out of reach, perhaps
		for _, id := range slices.Sorted(maps.Keys(p.held)) {
			if r.IntN(2) == 0 {
				at.refs = append(slices.Clone(at.refs), p.held[id])
				break
			}
		}
	}
}

func (p *program) hold(r *rand.Rand) {
	all := p.nodes()
	if n := all[r.IntN(len(all))]; r.IntN(3) == 0 {
		p.held[n.id] = n
	} else if len(p.held) > 3 {
		clear(p.held)
	}
}

// TestForget: two sides change a graph in turns. Messages get lost, come twice and pass each other,
// and what nobody can reach ends at any time. Each side keeps its own things, both have the same of
// them, and the tables have nothing more than that.
func TestForget(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		simulate(t, seed)
	}
}

func FuzzForget(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(simulate)
}

// TestForgetHostile: a side that forgets what it likes gets errors, or nothing, and no memory.
func TestForgetHostile(t *testing.T) {
	t.Parallel()
	update := func(version uint64, news ...uint64) *Decoder {
		var e Encoder
		e.Uint(version)
		e.Uint(0) // it has seen nothing
		e.Len(len(news), false)
		for _, n := range news {
			e.Uint(n)
		}
		e.Len(0, false)
		d := NewDecoder(e.Buf)
		return &d
	}
	t.Run("of the other side, and twice", func(t *testing.T) {
		t.Parallel()
		l, _ := numbered(false, "a", "b", "c")
		_, _, _, news := l.TakeHead(update(1, 1<<2+newsLost, 1<<2+newsLost, 1<<2+newsGone, 2<<2+newsGone, 1<<40+newsLost, 7<<2+newsGot), true)
		assert.True(t, news)
		assert.Equal(t, "a", l.Thing(0))
		assert.Nil(t, l.Thing(1))
		assert.Nil(t, l.Thing(2))
		assert.Equal(t, 1, l.Size())
	})
	t.Run("nothing that can be told", func(t *testing.T) {
		t.Parallel()
		l, _ := numbered(false, "a")
		d := update(1, 0<<2|3)
		l.TakeHead(d, true)
		require.ErrorIs(t, d.Err(), ErrTag)
		assert.Equal(t, 1, l.Size())
	})
	t.Run("a number again", func(t *testing.T) {
		t.Parallel()
		l, s := numbered(false, "a")
		l.TakeHead(update(1, 2<<2+newsLost), true)
		var e Encoder
		e.Uint(2<<1 | 1)
		d := NewDecoder(e.Buf)
		s.TakeNumber(&d)
		assert.ErrorIs(t, d.Err(), ErrTag)
	})
	t.Run("and confirms nothing", func(t *testing.T) {
		t.Parallel()
		l, _ := numbered(false, "a")
		var err error
		for version := uint64(1); version < 100 && err == nil; version++ {
			var news []uint64
			for n := range uint64(4096) {
				news = append(news, (version<<20+n)<<2+newsLost)
			}
			d := update(version, news...)
			l.TakeHead(d, true)
			err = d.Err()
		}
		require.ErrorIs(t, err, ErrUnconfirmed)
		assert.LessOrEqual(t, len(l.gone), maxUnconfirmed+1)
	})
}

func simulate(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	sides := []*program{newProgram(t, false), newProgram(t, true)}
	last := uint64(1)
	settle := func() {
		for range 20 {
			for i, p := range sides {
				if m := p.message(); m != nil {
					sides[1-i].take(m)
				}
			}
		}
	}
	for turn := range 40 {
		var late [2][][]byte
		for range r.IntN(40) {
			switch i := r.IntN(2); r.IntN(4) {
			case 0:
				sides[turn%2].change(r, &last)
			case 1:
				sides[i].hold(r)
				sides[i].collect()
			default:
				if m := sides[i].message(); m != nil && r.IntN(3) > 0 {
					late[i] = append(late[i], m)
				}
				for len(late[i]) > 0 && r.IntN(2) == 0 {
					k := r.IntN(len(late[i]))
					sides[1-i].take(late[i][k])
					if r.IntN(4) > 0 {
						late[i] = slices.Delete(late[i], k, k+1)
					}
				}
			}
		}
		settle()
		a, b := sides[0].nodes(), sides[1].nodes()
		require.Len(t, b, len(a), "seed %d turn %d", seed, turn)
		for i := range a {
			require.Equal(t, a[i].id, b[i].id, "seed %d turn %d", seed, turn)
			require.Equal(t, a[i].value, b[i].value, "seed %d turn %d", seed, turn)
		}
	}
	for _, p := range sides {
		clear(p.held)
		p.collect()
	}
	settle()
	for _, p := range sides {
		assert.Equal(t, len(p.nodes()), p.Size(), "seed %d", seed)
		assert.Empty(t, p.gone, "seed %d", seed)
		assert.Nil(t, p.message(), "seed %d", seed)
	}
}
