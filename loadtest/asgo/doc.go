// Package asgo compares packages that load runs with the same packages linked natively. It
// writes one host program that links the packages, builds it and runs it. For each exported
// function, and each method of the values that functions return, the program makes arguments from a
// seed, twice for the native function and once for the loaded one, calls all three and compares
// results, arguments and what callbacks saw. A function whose two native calls differ is not
// deterministic, and is left out. A subject may have a [Driver], too, which uses the package as its
// users do.
//
//	program := asgo.Build(t, asgo.Subject{Path: "strings"}, asgo.Subject{Path: "net/url"})
//	reports := program.Compare(t, "goprocess", t.TempDir())
package asgo
