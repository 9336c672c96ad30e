package wire

import (
	"errors"
	"math"
)

// Budget is memory that several messages share.
type Budget interface {
	// Take takes n bytes, where so many are left, and reports whether it did. It does not block.
	Take(n int) bool
}

const (
	// RoomFactor is how many bytes of memory the values of a message may take for each of its
	// bytes, whatever the budget holds. A number of one byte becomes eight; only values that are
	// mostly empty take more.
	RoomFactor = 8
	// smallRoom is what the values of a small message may take.
	smallRoom = 16 << 10
	// roomStep is how much is taken from the budget at once.
	roomStep = 64 << 10
	// mapSize is what a map without entries takes.
	mapSize = 64
	// maxCharge is more than there is.
	maxCharge = math.MaxInt / 4
)

// room is the memory that a decoder may still use.
type room struct {
	left   int
	budget Budget // more of it; nil: there is no more
	taken  int    // bytes of the budget
}

// unlimited is for a peer that is trusted.
var unlimited = room{left: math.MaxInt}

// Limit bounds the memory of what is decoded from here on: RoomFactor times the rest of the
// message, and what the budget gives beyond that. Who limits a decoder gives back what it has
// Taken.
func (d *Decoder) Limit(budget Budget) {
	d.LimitTo(RoomFactor*(len(d.buf)-d.off)+smallRoom, budget)
}

// LimitTo is Limit with another number of bytes in the place of RoomFactor times the rest.
func (d *Decoder) LimitTo(n int, budget Budget) { d.room = room{left: n, budget: budget} }

// Taken is how many bytes of the budget the decoder has taken.
func (d *Decoder) Taken() int { return d.room.taken }

// Room is how many bytes the decoder may still use without the budget.
func (d *Decoder) Room() int { return d.room.left }

// Size is the length of the message.
func (d *Decoder) Size() int { return len(d.buf) }

// Charge counts n bytes of memory that are about to be allocated for a value, and reports whether
// they may be.
func (d *Decoder) Charge(n int) bool {
	d.room.left -= n
	return d.room.left >= 0 || d.takeRoom()
}

// ChargeEach is Charge for a number of elements of so many bytes each.
func (d *Decoder) ChargeEach(count int, size uintptr) bool {
	if size > 0 && uintptr(count) > maxCharge/size {
		d.Fail(ErrMemory)
		return false
	}
	return d.Charge(count * int(size))
}

// ChargeMap is ChargeEach for the entries of a map, which has empty places between them.
func (d *Decoder) ChargeMap(count int, size uintptr) bool {
	return d.Charge(mapSize) && d.ChargeEach(count, 2*size+2)
}

func (d *Decoder) takeRoom() bool {
	more := max(roomStep, -d.room.left)
	if d.room.budget == nil || !d.room.budget.Take(more) {
		d.Fail(ErrMemory)
		return false
	}
	d.room.left += more
	d.room.taken += more
	return true
}

// maxDigits is how long the text of a number may be: reading it takes time that grows with the
// square of its length, about a second for this many.
const maxDigits = 1 << 20

// ErrDigits is a number that takes too long to read.
var ErrDigits = errors.New("a number of more than 1048576 digits")

// Digits checks the length of the text of a number of package math/big before it is read.
func (d *Decoder) Digits(n int) {
	if n > maxDigits {
		d.Fail(ErrDigits)
	}
}
