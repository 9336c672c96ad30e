package values

import (
	"errors"
	"io"
)

// OneByOne reads n bytes, one a call.
func OneByOne(r io.Reader, n int) (string, error) {
	var read []byte
	one := make([]byte, 1)
	for len(read) < n {
		k, err := r.Read(one)
		read = append(read, one[:k]...)
		if err != nil {
			return string(read), err
		}
	}
	return string(read), nil
}

// Sizes reads with buffers of these sizes and returns what each Read returned.
func Sizes(r io.Reader, sizes ...int) (read []string) {
	for _, size := range sizes {
		p := make([]byte, size)
		n, err := r.Read(p)
		text := string(p[:n])
		if err != nil {
			text += " " + err.Error()
		}
		read = append(read, text)
	}
	return read
}

// Between reads n bytes, lets the host do something, and reads n more, one a call.
func Between(r io.Reader, n int, f func()) (string, error) {
	first, err := OneByOne(r, n)
	if err != nil {
		return first, err
	}
	f()
	second, err := OneByOne(r, n)
	return first + "|" + second, err
}

// InTurn reads n bytes of each reader in turn, one a call.
func InTurn(a, b io.Reader, n int) (read string, err error) {
	for range n {
		for _, r := range []io.Reader{a, a, a, b} {
			one, err := OneByOne(r, 1)
			read += one
			if err != nil {
				return read, err
			}
		}
	}
	return read, nil
}

// SeekBack reads n bytes, one a call, steps back by one, and reads it again.
func SeekBack(r io.ReadSeeker, n int) (string, error) {
	read, err := OneByOne(r, n)
	if err != nil {
		return read, err
	}
	if _, err := r.Seek(-1, io.SeekCurrent); err != nil {
		return read, err
	}
	again, err := OneByOne(r, 1)
	return read + again, err
}

// ReadAndPanic panics after n bytes, ReadAndFail fails.
func ReadAndPanic(r io.Reader, n int) {
	OneByOne(r, n)
	panic("enough")
}

func ReadAndFail(r io.Reader, n int) error {
	OneByOne(r, n)
	return errors.New("enough")
}

var keptReader io.Reader

// KeepReader keeps a reader, of which ReadKept reads, one byte a call.
func KeepReader(r io.Reader)         { keptReader = r }
func ReadKept(n int) (string, error) { return OneByOne(keptReader, n) }
func IsKept(r io.Reader) bool        { return r == keptReader }
func ReadKeptNumber(n int32) (last int32) { // numbers alone cross
	read, _ := OneByOne(keptReader, int(n))
	return int32(read[len(read)-1])
}

// AtOnce reads n bytes of a reader in each of several goroutines, one a call, and counts them by value.
func AtOnce(r io.Reader, goroutines, n int) []int {
	counts := make(chan [256]int)
	for range goroutines {
		go func() {
			var count [256]int
			read, _ := OneByOne(r, n)
			for _, b := range []byte(read) {
				count[b]++
			}
			counts <- count
		}()
	}
	sum := make([]int, 256)
	for range goroutines {
		for b, n := range <-counts {
			sum[b] += n
		}
	}
	return sum
}
