package host

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
)

// TestMessagesThatDoNotCome lets a module count messages of a call that it never sends: nothing
// waits for them longer than they can come.
func TestMessagesThatDoNotCome(t *testing.T) {
	hostileInstance(t)     // describes the package, outside the bubble
	update := []byte{7, 0} // the seventh message
	for name, c := range map[string]struct {
		scope uint64
		calls []byte // of the host, which go on
		end   func(i *Instance, cancel context.CancelFunc)
		want  error
	}{
		"nobody could send them":     {want: wire.ErrLost},
		"no call of the host":        {scope: 1, want: wire.ErrLost},
		"the last call ends":         {scope: 1, calls: []byte{3}, end: func(i *Instance, _ context.CancelFunc) { i.Refuse([]byte{3, 0, 0}) }, want: wire.ErrLost},
		"the context ends":           {scope: 1, calls: []byte{3}, end: func(_ *Instance, cancel context.CancelFunc) { cancel() }, want: context.Canceled},
		"the module ends":            {scope: 1, calls: []byte{3}, end: func(i *Instance, _ context.CancelFunc) { i.End() }, want: wire.ErrOver},
		"one of several calls stays": {scope: 1, calls: []byte{3, 4}, end: func(i *Instance, cancel context.CancelFunc) { i.Refuse([]byte{3, 0, 0}); cancel() }, want: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i, _ := hostileInstance(t)
				for _, number := range c.calls {
					i.Begin([]byte{number})
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &wire.Sharing{Call: true}
				if c.scope != 0 {
					i.Values.Give(&wire.Encoder{Sharing: s}, &given.Value{Value: reflect.ValueOf(0)}, nil)
				}
				i.await(ctx, s, "F", 0)
				taken := make(chan error)
				go func() {
					d := wire.NewDecoder(update)
					taken <- s.Take(&d, func(func(int) bool) error { return nil })
				}()
				synctest.Wait()
				if c.end != nil {
					c.end(i, cancel)
				}
				assert.ErrorIs(t, <-taken, c.want)
			})
		})
	}
}
