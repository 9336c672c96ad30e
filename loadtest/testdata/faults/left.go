package faults

import (
	"errors"
	"math/big"
	"runtime"
)

// Box is a graph of everything that a call can change.
type Box struct {
	N     int
	Names []string
	Next  *Box
	Big   *big.Int
	Any   any
}

// Change changes all that it is given, and then ends as it is told.
func Change(b *Box, numbers []int, counts map[string]int, failure *error, how string) error {
	b.N, b.Names[0] = 1, "changed"
	b.Next = &Box{N: 2, Next: b}
	b.Big.SetInt64(3)
	b.Any = []int{4}
	numbers[len(numbers)-1] = 5
	counts["six"] = 6
	*failure = ErrBase
	switch how {
	case "panic":
		panic("changed")
	case "nil":
		var none *Box
		none.N = 7
	case "exit":
		runtime.Goexit()
	}
	return errors.New(how)
}

// ChangeAround changes what it is given before and after it calls f.
func ChangeAround(b *Box, f func()) {
	defer func() { b.N += 100 }()
	b.N++
	f()
	b.N += 10
}

// Seen is what the module sees.
type Seen struct {
	N       int
	Name    string
	Loop    bool
	Big     string
	Any     any
	Last    int
	Six     int
	Failure error
	How     any
}

// See calls f in a goroutine, recovers what it panics with, and tells what it sees then of what f
// was given.
func See(f func(b *Box, numbers []int, counts map[string]int, failure *error)) Seen {
	b := &Box{Names: []string{"old"}, Big: big.NewInt(0)}
	numbers, counts, failure := []int{0, 0}, map[string]int{}, error(nil)
	ended := make(chan any)
	go func() {
		defer func() { ended <- recover() }()
		f(b, numbers, counts, &failure)
	}()
	how := <-ended
	return Seen{b.N, b.Names[0], b.Next != nil && b.Next.Next == b, b.Big.String(), b.Any, numbers[1], counts["six"], failure, how}
}

// SeeOuter calls f, recovers what it panics with, and tells what it sees then of its argument.
func SeeOuter(b *Box, f func()) (seen int) {
	defer func() {
		_ = recover()
		seen = b.N
	}()
	f()
	return 0
}
