// Package checksum holds what proves the contents of modules: the sums that a go.sum or lock file
// promises, and the checksum database, asked through package origin.
package checksum
