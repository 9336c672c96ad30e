package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// The sum of a file is the SHA-256 of its size and of the SHA-256 of each chunk of it, so that the chunks
// can be summed side by side. Buffers are smaller than a chunk to stay within a core's own cache.
const (
	chunkSize  = 256 << 10
	bufferSize = 64 << 10
)

type sum [sha256.Size]byte

// sumFile sums the first size bytes of r, on as many cores as there are chunks to share.
func sumFile(r io.ReaderAt, size int64) (sum, error) {
	chunks := int((size + chunkSize - 1) / chunkSize)
	tree := make([]byte, 8+chunks*sha256.Size)
	binary.BigEndian.PutUint64(tree, uint64(size))

	var next atomic.Int64
	work := func() error {
		h := sha256.New()
		buffer := make([]byte, min(size, bufferSize))
		for {
			i := next.Add(1) - 1
			if i >= int64(chunks) {
				return nil
			}
			h.Reset()
			for at, end := i*chunkSize, min(size, (i+1)*chunkSize); at < end; {
				n, err := r.ReadAt(buffer[:min(end-at, bufferSize)], at)
				if n == 0 && err != nil {
					return short(err, at)
				}
				h.Write(buffer[:n])
				at += int64(n)
			}
			h.Sum(tree[8+i*sha256.Size : 8+i*sha256.Size])
		}
	}

	workers := min(runtime.GOMAXPROCS(0), chunks)
	errs := make([]error, max(workers, 1))
	var others sync.WaitGroup
	for i := 1; i < workers; i++ {
		others.Go(func() { errs[i] = work() })
	}
	errs[0] = work()
	others.Wait()
	return sha256.Sum256(tree), errors.Join(errs...)
}

func short(err error, at int64) error {
	if err == io.EOF {
		return fmt.Errorf("it ends within the part that starts at byte %d", at)
	}
	return err
}
