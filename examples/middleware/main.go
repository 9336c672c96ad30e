// Command middleware serves HTTP through middleware plugins as they are published for Traefik. It
// loads them by their import paths, at run time, and configures them from a file.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/standard"
)

// demo is served where no file is named, from the root of the repository.
const demo = "examples/middleware/demo.yaml"

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:0", "`address` to serve on")
	network := flag.Bool("network", false, "let plugins use the network")
	dir := flag.String("dir", "", "`directory` that plugins may read and change")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sandbox := goprocess.Config{Network: *network, Stdout: os.Stdout, Stderr: os.Stderr}
	if *dir != "" {
		sandbox.ReadWrite = []string{*dir}
	}
	l, err := standard.Engines{Sandbox: sandbox}.New(load.Config{})
	if err != nil {
		log.Fatal(err)
	}
	use := wait
	file := flag.Arg(0)
	if file == "" {
		file, use = demo, try
	}
	err = run(ctx, l, file, *addr, os.Stdout, use)
	l.Close(context.WithoutCancel(ctx))
	if err != nil {
		log.Fatal(err)
	}
}

// run serves through the plugins that the file names as long as use does not return.
func run(ctx context.Context, l *load.Loader, file, addr string, out io.Writer, use func(ctx context.Context, url string, out io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx) // plugins may work in the background until it ends
	defer cancel()
	handler, err := newChain(ctx, l, file, http.HandlerFunc(hello))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	return use(ctx, "http://"+listener.Addr().String(), out)
}

// hello is what the plugins guard.
func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello from %s, %s\n", r.URL.Path, r.Header.Get("X-Greeting"))
}

// wait lets the server serve until the context ends.
func wait(ctx context.Context, url string, out io.Writer) error {
	fmt.Fprintln(out, "serving on", url)
	<-ctx.Done()
	return nil
}

// try sends a few requests and prints the answers.
func try(ctx context.Context, url string, out io.Writer) error {
	for _, request := range []struct{ path, from string }{
		{"/", "127.0.0.1"},
		{"/v1/items", "192.168.7.7"},
		{"/private", "127.0.0.1"},
		{"/", "203.0.113.7"}, // not local
		{"/", "127.0.0.1"},
	} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+request.path, nil)
		if err != nil {
			return err
		}
		r.Header.Set("X-Real-IP", request.from)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "GET %s from %s → %s: %s\n", request.path, request.from, response.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
