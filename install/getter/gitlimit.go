package getter

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
)

// git knows no limit for what it downloads. So its directory is looked at while it works, and it is
// ended, with the programs that it started, when that has grown too large.

const (
	lookEvery = 100 * time.Millisecond
	maxOutput = 64 << 20 // what git prints, such as the list of a repository's branches and tags
)

// bound returns a context that ends once dir is larger than git may make it. The caller calls check
// when git is done:
// it ends the context, and returns the error where dir was or is too large.
func (g gitCommand) bound(ctx context.Context, s *source, dir string) (bounded context.Context, check func() error) {
	tooLarge := &install.RegistryError{
		URL: s.where(), Reason: "its repository: " + sizeError(g.max).Error(),
		Fix: "if you trust it, raise getter.Config.MaxRepository",
	}
	bounded, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-bounded.Done():
				return
			case <-tick.C:
				if sizeOf(dir) > g.max {
					cancel(tooLarge)
				}
			}
		}
	}()
	return bounded, func() error {
		cancel(nil)
		<-done
		if errors.Is(context.Cause(bounded), tooLarge) || ctx.Err() == nil && sizeOf(dir) > g.max {
			return tooLarge
		}
		return nil
	}
}

// sizeOf returns the size, in bytes, of the files below a directory that changes.
func sizeOf(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is gone
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// output keeps what git prints, up to a limit; then it fails, which ends git.
type output struct{ bytes.Buffer }

func (o *output) Write(p []byte) (int, error) {
	if o.Len()+len(p) > maxOutput {
		return 0, errors.New("it prints more than " + quantity.Size(maxOutput))
	}
	return o.Buffer.Write(p)
}
