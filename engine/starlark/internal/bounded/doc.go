// Package bounded is the dialect of Starlark in which no script takes more steps, memory or time
// than it may. It compiles a script so that each operation that makes much of little asks first,
// replaces the language's functions by ones that know their cost, and counts for each run what it
// uses. It knows no module, no loader and no value of the host.
//
// A script is compiled by compile.go, rewritten by guard.go and dict.go; operand.go answers what
// the rewritten script asks, costs.go and builtins.go bound the functions, measure.go and size.go
// measure values and sources, and meter.go, budget.go and watch.go count and stop.
package bounded
