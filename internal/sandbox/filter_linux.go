package sandbox

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/sys/unix"
)

// A filter is a seccomp program in classic BPF. The rules of its system calls are the leaves of a
// binary search by number: the kernel runs the filter at every call, and once for every number when
// it is loaded.
type filter []unix.SockFilter

// rule is what the filter does at one system call: a block that ends in a verdict on every way. The
// block starts with the number of the call loaded, and jumps only within itself.
type rule struct {
	nr    uint32
	block filter
}

// Offsets in struct seccomp_data, as a little-endian machine lays it out.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// Verdicts of a filter.
const (
	allow = unix.SECCOMP_RET_ALLOW
	kill  = unix.SECCOMP_RET_KILL_PROCESS
)

// deny is the verdict that answers a call with an error.
func deny(e unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }

// ret ends the filter with a verdict.
func ret(verdict uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict}
}

// loadWord loads the 32-bit word at an offset of struct seccomp_data.
func loadWord(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// low and high are the offsets of an argument's halves.
func low(arg uint32) uint32  { return offsetArgs + 8*arg }
func high(arg uint32) uint32 { return low(arg) + 4 }

// jump compares the loaded word with k and skips yes or no instructions.
func jump(op uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

// verdict is the block that does the same whatever the arguments are.
func verdict(v uint32) filter { return filter{ret(v)} }

// oneOf is the block that ends in then where the lower half of an argument is one of the values.
func oneOf(arg uint32, values []uint32, then, otherwise uint32) filter {
	block := filter{loadWord(low(arg))}
	for i, v := range values {
		block = append(block, jump(unix.BPF_JEQ, v, uint8(len(values)-i), 0))
	}
	return append(block, ret(otherwise), ret(then))
}

// assemble makes the filter that follows the rules and allows every other call up to the number
// last. A call of another architecture kills the program; a call above last, which these rules do
// not know or which is one of the x32 ABI, answers ENOSYS.
func assemble(arch, last uint32, rules []rule) filter {
	rules = slices.SortedFunc(slices.Values(rules), func(a, b rule) int { return cmp.Compare(a.nr, b.nr) })
	// Neighbours that get the same make one range, which begins at nr.
	ranges := make([]rule, 0, 2*len(rules)+1)
	begin := func(nr uint32, block filter) {
		if n := len(ranges); n == 0 || !slices.Equal(ranges[n-1].block, block) {
			ranges = append(ranges, rule{nr, block})
		}
	}
	next := uint32(0)
	for _, r := range rules {
		if r.nr > next {
			begin(next, verdict(allow))
		}
		begin(r.nr, r.block)
		next = r.nr + 1
	}
	if next <= last {
		begin(next, verdict(allow))
	}
	begin(last+1, verdict(deny(unix.ENOSYS)))

	f := make(filter, 0, 4*len(ranges))
	f = append(f,
		loadWord(offsetArch),
		jump(unix.BPF_JEQ, arch, 1, 0),
		ret(kill),
		loadWord(offsetNumber),
	)
	return f.search(ranges)
}

// search appends the search for the range of the loaded number.
func (f filter) search(ranges []rule) filter {
	if len(ranges) == 1 {
		return append(f, ranges[0].block...)
	}
	half := len(ranges) / 2
	at := len(f)
	f = append(f, jump(unix.BPF_JGE, ranges[half].nr, 0, 0))
	f = f.search(ranges[:half])
	if distance := len(f) - at - 1; distance <= math.MaxUint8 {
		f[at].Jt = uint8(distance)
	} else {
		// A conditional jump does not reach as far as an unconditional one.
		f[at].Jf = 1
		f = slices.Insert(f, at+1, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(distance)})
	}
	return f.search(ranges[half:])
}

// comparisons returns the instructions that compare a loaded word with k.
func (f filter) comparisons(k uint32) (at []int) {
	for i, instruction := range f {
		if instruction.Code == unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K && instruction.K == k {
			at = append(at, i)
		}
	}
	return at
}
