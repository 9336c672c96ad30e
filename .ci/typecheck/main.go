// Typecheck checks the types of all packages, tests included, for the systems that are its
// arguments. It reads what they import from source: to compile that for another system takes
// minutes.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

func main() {
	wrong := 0
	for _, system := range os.Args[1:] {
		config := &packages.Config{Mode: packages.LoadAllSyntax, Tests: true, Env: append(os.Environ(), "GOOS="+system)}
		all, err := packages.Load(config, "./...")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		wrong += packages.PrintErrors(all)
	}
	if wrong > 0 {
		os.Exit(1)
	}
}
