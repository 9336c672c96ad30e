// Package gomod reads go.mod files: those of dependencies, and that of a local module together with
// what counts around it, which is its go.sum, go.work and vendor/modules.txt. It asks no registry
// and writes nothing.
package gomod
