package wire

// Patience decides whether a reader looks for the next message for a moment before it sleeps. Where
// both sides share a processor, looking only keeps the other side from working: after one that
// found nothing, the next 1, 2, 4, … and at most 64 are left out.
type Patience struct{ left, out int }

// maxLeftOut is how many looks are left out at most.
const maxLeftOut = 64

// Look reports whether it is worth looking now. Found or Failed follows.
func (p *Patience) Look() bool {
	if p.left == 0 {
		return true
	}
	p.left--
	return false
}

// Found notes that a look found a message.
func (p *Patience) Found() { p.out = 0 }

// Failed notes that a look found none.
func (p *Patience) Failed() {
	p.out = min(max(1, 2*p.out), maxLeftOut)
	p.left = p.out
}
