package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/httpdebug"
)

// serveDebug serves the pages about what runs, on this machine alone unless -debug names a host, and
// says where they are.
func (s *session) serveDebug(ctx context.Context, l *load.Loader) (stop func(), err error) {
	host, port, err := net.SplitHostPort(s.debug)
	if err != nil {
		return nil, &usageError{"-debug: " + err.Error()}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("-debug: %w", err)
	}
	server := &http.Server{Handler: httpdebug.Handler(l, httpdebug.Options{Recorder: s.recorder}), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until stop closes it
	fmt.Fprintf(s.stderr, "load: what runs is shown at http://%s/debug/load/\n", listener.Addr())
	return func() { _ = server.Close() }, nil
}
