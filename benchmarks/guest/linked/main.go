// Command linked is the sample for package plugin.
package main

import "github.com/loadgo/load/benchmarks/sample"

// Echo and Fib are the sample's.
var (
	Echo = sample.Echo
	Fib  = sample.Fib
)

func main() {}
