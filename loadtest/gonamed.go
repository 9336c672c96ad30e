package loadtest

import (
	"testing"

	"github.com/loadgo/load"
)

// testNamedFunctions: a function type may have methods of its own, and parameters that nobody can name.
func (s goSuite) testNamedFunctions(t *testing.T) {
	m := s.values(t)
	add := func(n int) int { return n + 5 }
	if got, err := bound[func(func(int) int, int) (int, error)](t, m, "ApplyTwice")(add, 1); got != 11 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if out, err := m.Call(t.Context(), "ApplyTwice", []any{add, 1}); err != nil || out[0] != 11 {
		t.Errorf("by name: %v, %v", out, err)
	}
	option := call(t, m, "WithSeal").(*load.Object)
	if got := call(t, m, "OptionText", option); got != "option" {
		t.Errorf("got %v", got)
	}
	if got := call(t, m, "CountOptions", option, option); got != 2 {
		t.Errorf("got %v", got)
	}
	policy := call(t, m, "NewPolicy").(*load.Object)
	if got := call(t, m, "PolicyOf", policy, 3); got != 3 {
		t.Errorf("got %v", got)
	}
	_, err := m.Call(t.Context(), "OptionText", []any{func() {}})
	wantError(t, err, "SealedOption cannot be given by the host")
}

// testErrorIdentity: an error that comes back to the module is the same error there, whatever its type.
func (s goSuite) testErrorIdentity(t *testing.T) {
	m := s.values(t)
	wrong := bound[func(string) error](t, m, "CheckLength")("four")
	is := bound[func(error) (int, bool)](t, m, "IsLengthError")
	if length, ok := is(wrong); length != 4 || !ok {
		t.Errorf("%v came back as another error: %d, %v", wrong, length, ok)
	}
	if _, ok := is(nil); ok {
		t.Error("nil is an error")
	}
	out, err := m.Call(t.Context(), "IsLengthError", []any{wrong})
	if err != nil || out[0] != 4 || out[1] != true {
		t.Errorf("by name: %v, %v", out, err)
	}
}
