// Package benchmarks compares load with other ways of calling a plugin. It is a module of its own,
// so that anyone who uses load does not get what it is compared with. Run
//
//	go test -bench . ./...
//
// in this directory.
package benchmarks
