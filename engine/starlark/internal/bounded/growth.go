package bounded

import (
	"fmt"
	"reflect"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

const (
	bucketSize = 456 // bytes of eight entries of a dict
	maxLoad    = 6.5 // entries for each bucket, beyond which a dict grows
)

// growth is the cost of adding n elements to a list, dict or set: where it has no room for them,
// all that it holds moves.
func growth(v starlark.Value, n int) (cost, error) {
	have := starlark.Len(v)
	if list, ok := v.(*starlark.List); ok {
		if have+n <= inside(list, "elems").Cap() {
			return cost{work: int64(n) / 8}, nil
		}
		return cost{Times(WordSize, 2*int64(n)+int64(have)*5/4), int64(have+n) / 2}, nil
	}
	buckets := max(inside(v, "ht", "table").Len(), 1)
	grown := buckets
	for float64(have+n) >= maxLoad*float64(grown) {
		grown *= 2
	}
	if grown == buckets {
		return cost{}, nil
	}
	return cost{Times(2*bucketSize, int64(grown-buckets)), 10 * int64(have)}, collisions(v)
}

// inside returns an unexported field of a value of the interpreter, which has no other way to ask
// how much it has room for.
func inside(v starlark.Value, path ...string) reflect.Value {
	field := reflect.ValueOf(v).Elem()
	for _, name := range path {
		field = field.FieldByName(name)
	}
	return field
}

const (
	// maxCollisions is how many pairs of keys of a dict may have one hash. Growing a dict compares
	// all of them.
	maxCollisions = maxWork
	// maxNeighbours is how many may have one bucket: growing compares their hashes, which takes
	// some nanoseconds for each.
	maxNeighbours = 1 << 26
)

// collisions refuses a large dict or set whose keys were chosen to have the same hashes, or to lie
// in the same buckets.
func collisions(v starlark.Value) error {
	n := starlark.Len(v)
	if n < lightText {
		return nil
	}
	buckets := make([]uint32, 2*max(inside(v, "ht", "table").Len(), 1)) // after it has grown
	neighbours, err := pairs(v, func(hash uint32) uint32 {
		count := &buckets[hash&uint32(len(buckets)-1)]
		*count++
		return *count - 1
	})
	if err != nil || neighbours <= maxCollisions+int64(2*maxLoad)*int64(n) { // as many as by chance
		return err
	}
	hashes := make(map[uint32]uint32)
	same, err := pairs(v, func(hash uint32) uint32 {
		hashes[hash]++
		return hashes[hash] - 1
	})
	if err == nil && (same > maxCollisions || neighbours > maxNeighbours) {
		err = &engine.LimitError{Reason: fmt.Sprintf("a %s has too many keys with the same hash", v.Type())}
	}
	return err
}

// pairs adds up how many keys of a dict or set were there before each, as count says of its hash.
func pairs(v starlark.Value, count func(hash uint32) uint32) (n int64, err error) {
	for key := range starlark.Elements(v.(starlark.Iterable)) {
		hash, err := key.Hash()
		if err != nil {
			return 0, err
		}
		n += int64(count(hash))
	}
	return n, nil
}
