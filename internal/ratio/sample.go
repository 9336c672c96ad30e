package ratio

// Sample is a package of functions that benchmarks of engines for Go packages call.
const Sample = `// Package sample is called by benchmarks.
package sample

import "io"

func Add(a, b int) int { return a + b }

func Echo(s string) string { return s }

func Bytes(b []byte) []byte { return b }

type Mixed struct {
	ID    int64
	Name  string
	Score float64
	Tags  []string
	Live  bool
	Extra map[string]int
}

func Struct(m Mixed) Mixed { return m }

func Length(b []byte) int { return len(b) }

func Consume(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

func Sum(n int, f func(int) int) (sum int) {
	for i := range n {
		sum += f(i)
	}
	return sum
}

func Fib(n int) int {
	if n < 2 {
		return n
	}
	return Fib(n-1) + Fib(n-2)
}
`

// Mixed is the host's struct for the sample's, and SixFields one with something in each field.
type Mixed struct {
	ID    int64
	Name  string
	Score float64
	Tags  []string
	Live  bool
	Extra map[string]int
}

var SixFields = Mixed{7, "seven", 7.7, []string{"a", "b"}, true, map[string]int{"x": 1}}
