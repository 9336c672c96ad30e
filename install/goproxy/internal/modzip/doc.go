// Package modzip unpacks the zip of a module into a directory and sums it in the same pass. What
// breaks the rules for such zips is refused before anything is written.
package modzip
