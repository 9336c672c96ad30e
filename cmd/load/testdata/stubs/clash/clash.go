// Package clash has names that its stub has, too, and names that are hard to write.
package clash

import "example.com/app/shapes"

// Use is the package's own.
func Use(type_ string, func_ int) string { return type_ + string(rune('0'+func_)) }

// Preload is not about loading.
func Preload() int { return 1 }

// Module is a type.
type Module struct{ N int }

// Stub is a constant.
const Stub = 3

// Größe is beyond ASCII.
func Größe(π float64) float64 { return 2 * π }

// Überschrift is, too.
type Überschrift struct{ Länge int }

func (ü Überschrift) String() string { return "ü" }

// Params has parameters that are called as what the stub uses.
func Params(self, stub, context, load, module, boundParams string, p6 int) string {
	return self + stub + context + load + module + boundParams
}

// Shared is a pointer to a value of another package's.
var Shared = shapes.NewCounter(5)
