// Package life misbehaves in every way in which a module's life can end.
package life

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func init() {
	switch os.Getenv("BEGIN") {
	case "panic":
		panic("no good")
	case "exit":
		os.Exit(4)
	case "sleep":
		fmt.Println("busy")
		for {
			time.Sleep(time.Hour)
		}
	}
}

func Fine() int { return 1 }

func Exit(code int) { os.Exit(code) }

func Goroutine() {
	go func() { panic("in a goroutine") }()
	time.Sleep(time.Minute)
}

func Recurse(n int) int { return Recurse(n+1) + 1 }

func Spin() {
	fmt.Println("busy")
	for i := 0; ; i++ {
		if i < 0 {
			println()
		}
	}
}

func Sleep(seconds int) {
	fmt.Println("busy")
	time.Sleep(time.Duration(seconds) * time.Second)
}

func Say(out, err string) {
	fmt.Println(out)
	fmt.Fprintln(os.Stderr, err)
}

func Flood(n int) {
	line := strings.Repeat("x", 1000)
	for range n {
		fmt.Fprintln(os.Stderr, line)
	}
}
