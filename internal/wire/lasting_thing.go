package wire

import "unsafe"

// Placed is a thing that says where it is.
type Placed interface {
	// Place says where the thing with that number is.
	Place(s *Sharing, n int)
}

// LastingThing is a [Thing] that can last.
type LastingThing interface {
	Thing
	Placed
	// Lasts reports whether it can: an array may be too long.
	Lasts() bool
	IsMap() bool
	// Address tells it from others.
	Address() uintptr
	// Loosen lets go of what it is, and Tighten holds it again and reports whether it still exists.
	// Revive makes a new one where it does not, to take what nobody needs.
	Loosen()
	Tighten() bool
	Revive()
	// Freeze lets go of what it held, too, for a collection. Thaw follows.
	Freeze()
	Thaw()
	// Differs reports whether the content is another one than both sides had, and keeps it then if
	// keep is set; Renew says that both sides have it.
	Differs(keep bool) bool
	Renew()
	// Settled reports whether the content is still what Differs kept. Else it counts as changed.
	Settled() bool
	// PutWhole and TakeWhole are Put and Take for the whole content, of an array, too.
	PutWhole(e *Encoder)
	TakeWhole(d *Decoder)
}

// Array is a thing that can be an array.
type Array interface {
	// Array says where it is. Size is 0 where it is none.
	Array() (at unsafe.Pointer, size uintptr)
}

// Unseen is a thing that is compared only when it crosses.
type Unseen interface {
	// Unseen reports whether this side has changed it, and keeps the content then.
	Unseen() bool
}

// Addresses has where things are that can last. Agreed leaves out those that this side has changed
// since both sides had the same.
func Addresses(things []any, agreed bool) map[uintptr]bool {
	at := map[uintptr]bool{}
	for _, t := range things {
		if own, ok := t.(LastingThing); ok && own.Lasts() && !(agreed && own.Dirty()) {
			at[own.Address()] = true
		}
	}
	return at
}

// Renew is told of addresses at which both sides have the same now. Over says that the things there
// go over to another call, on both sides. Without maps it leaves these as they are: others may be
// changing them.
func (l *Lasting) Renew(at map[uintptr]bool, over, maps bool) {
	if len(at) == 0 {
		return
	}
	l.Remove(func(thing any) bool {
		own, ok := thing.(LastingThing)
		if !ok || !maps && own.IsMap() || !own.Tighten() {
			return false
		}
		if l.side == inModule {
			defer own.Loosen()
		}
		known := at[own.Address()]
		if known && !over {
			own.Renew()
		}
		return known && over
	})
}
