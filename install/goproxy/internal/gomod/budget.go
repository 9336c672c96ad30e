package gomod

import (
	"fmt"
	"sync/atomic"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
)

// A Budget bounds the go.mod files that one request reads. Without it there is no end to them:
// an author of modules, or the owner of a registry, can make each require further ones. The zero
// Budget has nothing taken of it.
type Budget struct{ used atomic.Int64 }

const (
	budget = 64 << 20 // bytes
	least  = 1 << 10  // that a file counts, however short it is
	// MaxModules is how many files there are at most.
	MaxModules = budget / least
)

// Take takes a file's size.
func (b *Budget) Take(size int) error {
	if b.used.Add(max(int64(size), least)) > budget {
		return TooMany()
	}
	return nil
}

// TooMany is the error where the budget is used up, or would be.
func TooMany() error {
	return &install.RegistryError{
		Reason: fmt.Sprintf("what it requires, and what that requires, has go.mod files of more than %s, of which each counts for %s at least", quantity.Size(budget), quantity.Size(least)),
		Fix:    "ask for another version; a go line of 1.17 or higher in a module's go.mod spares its users what its requirements require",
	}
}
