// Package sample is the module that every way of calling one calls.
package sample

// Echo returns what it is given.
func Echo(s string) string { return s }

// Fib returns a Fibonacci number.
func Fib(n int) int {
	if n < 2 {
		return n
	}
	return Fib(n-1) + Fib(n-2)
}
