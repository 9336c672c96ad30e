package stub_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/stub"
)

// TestFuncIsSmall: what a function of a stub is made of does not depend on its signature, of which
// a program would have a copy for each.
func TestFuncIsSmall(t *testing.T) {
	t.Parallel()
	one, other := reflect.TypeFor[stub.Func[func()]](), reflect.TypeFor[stub.Func[func(string) error]]()
	for i := range one.NumField() {
		assert.Equal(t, one.Field(i).Type, other.Field(i).Type, "the field %s depends on the signature", one.Field(i).Name)
	}
}
