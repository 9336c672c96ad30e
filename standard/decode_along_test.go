package standard_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// linked is what a decoder fills, with pointers and slices that it makes.
type linked struct {
	A int
	S []string
	P *linked
}

// TestDecodeAlong: goroutines that give their own variables to one decoder at the same time, and use
// them afterwards, have them for themselves: no other goroutine's call reads or writes them.
func TestDecodeAlong(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"goprocess", "gowasm"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l, err := standard.New(load.Config{Store: loadtest.OpenStore(t)})
			require.NoError(t, err)
			defer l.Close(t.Context())
			m, err := l.Load(t.Context(), "encoding/json", load.WithEngine(engine))
			require.NoError(t, err)
			decode, err := load.Func[func([]byte, any) error](m, "Unmarshal")
			require.NoError(t, err)
			encode, err := load.Func[func(any) ([]byte, error)](m, "Marshal")
			require.NoError(t, err)
			var wg sync.WaitGroup
			for g := range 6 {
				wg.Go(func() {
					var kept linked
					for i := range 40 {
						text := fmt.Sprintf(`{"A":%d,"S":["x%d","y"],"P":{"A":%d,"S":null,"P":{"A":7,"S":[],"P":null}}}`, i, g, i*2)
						var v linked
						assert.NoError(t, decode([]byte(text), &v))
						assert.Equal(t, linked{A: i, S: []string{fmt.Sprint("x", g), "y"}, P: &linked{A: 2 * i, P: &linked{A: 7, S: []string{}}}}, v)
						out, err := encode(&v)
						assert.NoError(t, err)
						assert.Equal(t, text, string(out))
						kept.A, kept.S = i, []string{"mine"} // ours between the calls
						assert.NoError(t, decode([]byte(`{"P":{"A":3}}`), &kept))
						assert.Equal(t, linked{A: i, S: []string{"mine"}, P: &linked{A: 3}}, kept)
					}
				})
			}
			wg.Wait()
		})
	}
}
