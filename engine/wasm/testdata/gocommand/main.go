// Command gocommand does what its first argument says with the file or variable that its second
// names.
package main

import (
	"fmt"
	"os"
)

func main() {
	var text []byte
	var err error
	switch name := os.Args[2]; os.Args[1] {
	case "read":
		text, err = os.ReadFile(name)
	case "write":
		err = os.WriteFile(name, []byte("changed"), 0o600)
	case "env":
		text = []byte(os.Getenv(name))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}
