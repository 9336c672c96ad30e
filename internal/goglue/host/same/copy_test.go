package same

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
)

// held is a reference to one value of a module.
type held struct{ engine.ObjectRef }

func (held) Handle() uint64 { return 1 }
func (held) Gone() bool     { return false }
func (held) Release()       {}

type fault struct {
	Code int
	Tags map[string]int
}

// TestCopy: a program may change the copy that it has while the module returns the value again, and
// keeps it until the module changes the value.
func TestCopy(t *testing.T) {
	t.Parallel()
	var values Values
	arrives := func(code int) *fault {
		f := &fault{code, map[string]int{"a": code}}
		return values.Copy(engine.NewObject(held{}), reflect.ValueOf(f)).Interface().(*fault)
	}
	first := arrives(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			first.Code = i
			first.Tags["b"] = i
		}
	}()
	for range 100 {
		if arrives(1) != first {
			t.Error("another pointer for what is the same in the module")
			break
		}
	}
	<-done
	assert.Equal(t, 99, first.Code)
	second := arrives(2)
	assert.NotSame(t, first, second)
	assert.Equal(t, &fault{2, map[string]int{"a": 2}}, second)
	assert.Same(t, second, arrives(2))
}
