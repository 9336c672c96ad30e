package goproxy

import (
	"context"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/install/goproxy/internal/checksum"
)

// verify compares a sum with what was promised, else with the checksum database where that answers
// for the module. There is no looser check after a failed one.
func (r *request) verify(ctx context.Context, m module.Version, got string) error {
	known, err := r.sums.Kept(m, got)
	if err == nil && !known && r.in.checked(r.session, m.Path) {
		var db *checksum.Database
		if db, err = r.db(); err == nil {
			err = db.Verify(ctx, m, got)
		}
	}
	return err
}
