package bounded

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// guards are what a guarded script asks before it uses a value: guards.copy[x] and so on return
// x, or what stands for x in the one operation that follows.
type guards struct {
	hidden
	r                                                     *Meter
	copy, compare, key, method, all, slice, spread, store passage
}

func newGuards(r *Meter) *guards {
	by := func(pass func(*Meter, starlark.Value) (starlark.Value, error)) passage {
		return passage{r: r, pass: pass}
	}
	return &guards{
		r: r, copy: by(passCopy), compare: by(PassCompare), key: by(passKey), method: by(passMethod),
		all: by(passAll), slice: by(passSlice), spread: by(passSpread), store: by(passStore),
	}
}

// Attr implements [starlark.HasAttrs].
func (g *guards) Attr(way string) (starlark.Value, error) {
	switch way {
	case guardCopy:
		return &g.copy, nil
	case guardCompare:
		return &g.compare, nil
	case guardKey:
		return &g.key, nil
	case guardMethod:
		return &g.method, nil
	case guardAll:
		return &g.all, nil
	case guardSlice:
		return &g.slice, nil
	case guardSpread:
		return &g.spread, nil
	case guardStore:
		return &g.store, nil
	case wayDict, wayUnique:
		return &newDict{r: g.r, dict: new(starlark.Dict), unique: way == wayUnique}, nil
	}
	return nil, nil
}

// AttrNames implements [starlark.HasAttrs].
func (*guards) AttrNames() []string { return nil }

// passage lets values through for one purpose.
type passage struct {
	hidden
	r    *Meter
	pass func(*Meter, starlark.Value) (starlark.Value, error)
}

// Get implements [starlark.Mapping].
func (p *passage) Get(v starlark.Value) (starlark.Value, bool, error) {
	passed, err := p.pass(p.r, v)
	return passed, true, err
}

// hidden is a value that no script sees.
type hidden struct{}

func (hidden) String() string        { return "guard" }
func (hidden) Type() string          { return "guard" }
func (hidden) Freeze()               {}
func (hidden) Truth() starlark.Bool  { return true }
func (hidden) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable type: guard") }

// passCopy lets through what the result of an operation holds a copy of.
func passCopy(r *Meter, v starlark.Value) (starlark.Value, error) {
	switch v := v.(type) {
	case starlark.Int:
		if !isSmall(v) && BitLen(v) > maxBits {
			return nil, errBits
		}
	case *starlark.Dict, *starlark.Set: // whose keys are hashed again
		if c := sizeOf(v); c.bytes > few*EntrySize {
			parts, err := weigh(comparing, v)
			if err != nil {
				return nil, err
			}
			return v, r.afford(cost{c.bytes, c.work + parts.work})
		}
		return PassCompare(r, v)
	case *starlarkstruct.Struct:
		if namesOf(v) > maxNames {
			return nil, errNames
		}
	}
	if light(v) {
		return v, nil
	}
	return v, r.afford(sizeOf(v))
}

// PassCompare lets through what is compared.
func PassCompare(r *Meter, v starlark.Value) (starlark.Value, error) {
	if slight(v) {
		return v, nil
	}
	c, err := weigh(comparing, v)
	if err != nil {
		return nil, err
	}
	return v, r.afford(cost{work: c.work})
}

// passKey lets through what becomes a key, or is looked up.
func passKey(r *Meter, v starlark.Value) (starlark.Value, error) {
	if slight(v) {
		return v, nil
	}
	c, err := weigh(hashing, v)
	if err != nil {
		return nil, err
	}
	// The error of a key that is not there shows it, and so do those around that error.
	shown, err := weigh(printing, v)
	if err != nil {
		return nil, err
	}
	return v, r.afford(cost{Times(5, shown.bytes), c.work})
}

// passMethod lets a value through whose method is called: a large one with its methods guarded.
func passMethod(r *Meter, v starlark.Value) (starlark.Value, error) {
	if lengthOf(v) <= lightText {
		return v, nil
	}
	return passAll(r, v)
}

// passAll guards everything that is done with a value but a number.
func passAll(r *Meter, v starlark.Value) (starlark.Value, error) {
	switch v := v.(type) {
	case starlark.Int:
		return passCopy(r, v)
	case starlark.String, starlark.Bytes, starlark.Tuple, *starlark.List, *starlark.Dict, *starlark.Set:
		return operand{v, r}, nil
	}
	if v.Type() == "time.time" {
		return operand{v, r}, nil
	}
	return v, nil
}

// passSlice lets a value through that is sliced: text is not copied then, lists are.
func passSlice(r *Meter, v starlark.Value) (starlark.Value, error) {
	if s, ok := v.(starlark.Sliceable); ok && r != nil && s.Len() > lightText {
		return sliced{s, r}, nil
	}
	return v, nil
}

// passSpread lets through what becomes arguments: they are copied up to three times.
func passSpread(r *Meter, v starlark.Value) (starlark.Value, error) {
	n := int64(lengthOf(v))
	return v, r.afford(cost{Times(n, 2*EntrySize), n})
}

// passStore lets a value through into which something is stored.
func passStore(r *Meter, v starlark.Value) (starlark.Value, error) {
	if d, ok := v.(*starlark.Dict); ok && d.Len() > lightText {
		return stored{d, r}, nil
	}
	return v, nil
}

// operand is a value whose operators and methods are checked before they are done.
type operand struct {
	starlark.Value
	r *Meter
}

// own returns the value that an operand stands for.
func own(v starlark.Value) starlark.Value {
	if o, ok := v.(operand); ok {
		return o.Value
	}
	return v
}

// Binary implements [starlark.HasBinary].
func (o operand) Binary(op syntax.Token, other starlark.Value, side starlark.Side) (starlark.Value, error) {
	x, y := o.Value, own(other)
	if side == starlark.Right {
		x, y = y, x
	}
	c, err := cost{}, error(nil)
	switch format, isText := x.(starlark.String); {
	case op == syntax.STAR:
		c = repeated(x, y)
	case op == syntax.PERCENT && isText:
		c, err = formatted(string(format), "%", y)
	}
	if err == nil {
		err = o.r.afford(c)
	}
	if err != nil {
		return nil, err
	}
	return starlark.Binary(op, x, y)
}

// Has implements [starlark.Container].
func (o operand) Has(x starlark.Value) (bool, error) {
	c, err := contained(x, o.Value)
	if err == nil {
		err = o.r.afford(c)
	}
	if err != nil {
		return false, err
	}
	found, err := starlark.Binary(syntax.IN, x, o.Value)
	return err == nil && bool(found.Truth()), err
}

// Attr implements [starlark.HasAttrs].
func (o operand) Attr(name string) (starlark.Value, error) {
	if b, ok := guarded[methodOf(o.Value, name)]; ok {
		return b.BindReceiver(o.Value), nil
	}
	if v, ok := o.Value.(starlark.HasAttrs); ok {
		return v.Attr(name)
	}
	return nil, nil
}

// AttrNames implements [starlark.HasAttrs].
func (o operand) AttrNames() []string {
	if v, ok := o.Value.(starlark.HasAttrs); ok {
		return v.AttrNames()
	}
	return nil
}

// repeated is the cost of x * y.
func repeated(x, y starlark.Value) cost {
	n, ok := y.(starlark.Int)
	if !ok {
		if n, ok = x.(starlark.Int); !ok {
			return cost{}
		}
		x = y
	}
	count, ok := n.Int64()
	if !ok {
		count = int64(n.Sign()) * MaxBytes
	}
	c := sizeOf(x)
	return cost{Times(c.bytes, max(count, 0)), Times(c.bytes, max(count, 0)) / 64}
}

// contained is the cost of x in y.
func contained(x, y starlark.Value) (cost, error) {
	switch y := y.(type) {
	case starlark.String, starlark.Bytes:
		return cost{work: int64(lengthOf(y)) / 8}, nil
	case *starlark.List, starlark.Tuple:
		n := int64(lengthOf(y))
		if light(x) {
			return cost{work: n / 2}, nil
		}
		c, err := weigh(comparing, x)
		return cost{work: Times(c.work, n)}, err
	}
	if light(x) {
		return cost{}, nil
	}
	c, err := weigh(hashing, x)
	return cost{work: c.work}, err
}

// sliced is a sequence whose slices are checked before they are made.
type sliced struct {
	starlark.Sliceable
	r *Meter
}

// Slice implements [starlark.Sliceable]. It has no error to return: the run ends with its next
// step.
func (s sliced) Slice(start, end, step int) starlark.Value {
	n := int64((end-start)/step) + 1
	c := cost{WordSize * n, n / 8}
	switch s.Sliceable.(type) {
	case starlark.String, starlark.Bytes:
		if c = (cost{3 * n, n}); step == 1 {
			c = cost{}
		}
	}
	if step != 1 {
		c.bytes = 3 * c.bytes // a list that grows
	}
	if err := s.r.afford(c); err != nil {
		s.r.fail(err)
		return starlark.None
	}
	return s.Sliceable.Slice(start, end, step)
}

// atMost is a sequence whose length is unknown, but not how long it is at most.
type atMost struct {
	starlark.Iterable
	atMost int
}

// bound makes what a method returns a bounded sequence.
func bound(_ *Meter, t *starlark.Thread, method *starlark.Builtin, a arguments) (starlark.Value, error) {
	v, err := method.CallInternal(t, a.args, a.kwargs)
	if err != nil {
		return nil, err
	}
	return atMost{v.(starlark.Iterable), lengthOf(a.receiver)}, nil
}

// stored is a dict into which something is stored.
type stored struct {
	*starlark.Dict
	r *Meter
}

// SetKey implements [starlark.HasSetKey].
func (s stored) SetKey(k, v starlark.Value) error {
	c, err := growth(s.Dict, 1)
	if err == nil {
		err = s.r.afford(c)
	}
	if err != nil {
		return err
	}
	return s.Dict.SetKey(k, v)
}
