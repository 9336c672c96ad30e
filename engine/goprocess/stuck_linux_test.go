package goprocess_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// stuck has a handler that asks for much of the request's body at once.
const stuck = `package sample

import "net/http"

func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Body.Read(make([]byte, 8<<20)) })
}
`

// stopping is a body that stops its module, which then does not take what was read.
type stopping struct{ stop func() }

func (s stopping) Read(p []byte) (int, error) {
	s.stop()
	return len(p), nil
}

func (stopping) Close() error { return nil }

// TestStuckAnswer: a request ends with its context also where its goroutine sends the module an
// answer that this does not take.
func TestStuckAnswer(t *testing.T) {
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": stuck})
	h, err := bound[func() (http.Handler, error)](t, m, "Handler")()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
	r.Body = stopping{func() { stop(t, m) }}
	served := make(chan any, 1)
	go func() {
		defer func() { served <- recover() }()
		h.ServeHTTP(httptest.NewRecorder(), r)
	}()
	require.Eventually(t, sendsAnswer, time.Minute, 5*time.Millisecond)
	cancel()
	select {
	case v := <-served:
		require.Equal(t, http.ErrAbortHandler, v)
	case <-time.After(20 * time.Second): // it waited for the module's end
		t.Error("it does not end")
	}
}

// sendsAnswer reports whether a goroutine that serves a request waits for the module to read.
func sendsAnswer() bool {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return slices.ContainsFunc(bytes.Split(stacks, []byte("\n\n")), func(stack []byte) bool {
		return bytes.Contains(stack, []byte("TestStuckAnswer")) && bytes.Contains(stack, []byte("waitWrite"))
	})
}
