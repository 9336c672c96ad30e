// Command close ends a program without leaving anything behind, and lets running calls finish.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	started := make(chan struct{})
	slow := func() string {
		close(started)
		time.Sleep(100 * time.Millisecond)
		return "finished"
	}
	if err := l.Register("slow", map[string]any{"Work": slow}); err != nil {
		return err
	}
	m, err := l.Load(ctx, "slow")
	if err != nil {
		return err
	}
	answered := make(chan any, 1)
	go func() {
		results, err := m.Call(ctx, "Work")
		answered <- fmt.Sprint(results, err)
	}()
	<-started
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // what still runs then is cut off
	defer cancel()
	if err := l.Close(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w, <-answered)
	_, err = l.Load(ctx, "slow")
	fmt.Fprintln(w, errors.Is(err, load.ErrClosed), err)
	return nil
}
