package goproxy_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgress: of each file it is told that it is wanted, how large it is and, on the way, how much
// has arrived.
func TestProgress(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 1<<20) // which a zip makes no smaller
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise)
	for i, b := range noise {
		noise[i] = '0' + b%64
	}
	p := loadtest.Proxy(t, modules+"-- example.com/b@v1.1.0/data.txt --\n"+string(noise)+"\n")
	var mu sync.Mutex
	told := make(map[string][]install.Transfer)
	sizes := make(map[string]int64)
	session := &install.Session{
		Store: loadtest.OpenStore(t),
		Progress: func(now install.Transfer) {
			mu.Lock()
			defer mu.Unlock()
			told[now.Module] = append(told[now.Module], now)
		},
		Events: func(e event.Event) {
			if e, ok := e.(event.Downloaded); ok {
				mu.Lock()
				defer mu.Unlock()
				sizes[e.Module] = e.Bytes
			}
		},
	}
	in := goproxy.New(config(p))
	release, err := in.Resolve(t.Context(), session, loadtest.Name(t, "example.com/a"))
	require.NoError(t, err)
	_, err = in.Install(t.Context(), session, release)
	require.NoError(t, err)
	require.Len(t, told, len(sizes))
	for module, all := range told {
		assert.Equal(t, install.Transfer{Module: module, Version: all[0].Version, File: "zip", Size: -1}, all[0])
		last := all[len(all)-1]
		assert.True(t, last.Ended)
		assert.Equal(t, sizes[module], last.Size)
		assert.Equal(t, sizes[module], last.Arrived)
		for i, one := range all[1:] {
			assert.GreaterOrEqual(t, one.Arrived, all[i].Arrived)
		}
	}
	require.Greater(t, sizes["example.com/b"], int64(512<<10))
	assert.GreaterOrEqual(t, len(told["example.com/b"]), 5, "it is told on the way")
}
