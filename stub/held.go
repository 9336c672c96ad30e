package stub

import (
	"errors"
	"reflect"

	"github.com/loadgo/load/engine"
)

// Held is the one field of a generated type whose values live in the module.
type Held = engine.Held

// Twin is a type or an error of a generated package, and what it stands for in the module.
type Twin = engine.Twin

// Type is the twin of a type.
func Type[T any](symbol string) Twin { return Twin{Symbol: symbol, Type: reflect.TypeFor[T]()} }

// Interface is the twin of an interface; values of the module are an *A as an I.
func Interface[I, A any](symbol string) Twin {
	return Twin{Symbol: symbol, Type: reflect.TypeFor[I](), Adapter: reflect.TypeFor[A]()}
}

// Variable lets a value know where it is that stands for one behind a pointer of the module, so
// that it is told from copies of it.
func Variable(h *Held) Twin { return Twin{Held: h} }

// Sentinel is the twin of an error.
func Sentinel(symbol string, err error) Twin { return Twin{Symbol: symbol, Error: err} }

// ErrFields is what decoding into a value returns whose fields live in the module.
var ErrFields = errors.New("its fields live in the module, and cannot be decoded into")

// Error is an error of a generated package that the module's own one is on this side.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }
