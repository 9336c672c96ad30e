// Package ratio compares two ways in one benchmark, so that figures of a noisy machine mean
// something.
package ratio

import (
	"testing"
	"time"
)

// Compare runs both sides by turns and reports nanoseconds for each and their ratio; each side is a
// batch of calls, so that the machine's drift meets both alike.
func Compare(b *testing.B, batch int, yardstick, measured func()) {
	b.Helper()
	timed := func(side func()) time.Duration {
		start := time.Now()
		for range batch {
			side()
		}
		return time.Since(start)
	}
	compare(b, batch, timed, yardstick, measured)
}

// CompareRested does the same with a rest before each call, which does not count.
func CompareRested(b *testing.B, batch int, rest time.Duration, yardstick, measured func()) {
	b.Helper()
	timed := func(side func()) (took time.Duration) {
		for range batch {
			time.Sleep(rest)
			start := time.Now()
			side()
			took += time.Since(start)
		}
		return took
	}
	compare(b, batch, timed, yardstick, measured)
}

func compare(b *testing.B, batch int, timed func(side func()) time.Duration, yardstick, measured func()) {
	b.Helper()
	yardstick()
	measured()
	var bare, ours time.Duration
	b.ResetTimer()
	for range b.N {
		bare += timed(yardstick)
		ours += timed(measured)
	}
	per := float64(b.N * batch)
	b.ReportMetric(float64(ours.Nanoseconds())/per, "ns/call")
	b.ReportMetric(float64(bare.Nanoseconds())/per, "ns/yardstick")
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(0, "ns/op")
}

// Must ends the benchmark if err is not nil. It is for what is measured: an assertion of testify
// asks for its callers each time, which costs as much as a fast call. In another goroutine than the
// benchmark's it ends that goroutine, and the benchmark fails.
func Must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// Want ends the benchmark, as Must does, if got is not what was wanted.
func Want[T comparable](b *testing.B, want, got T) {
	if want != got {
		b.Fatalf("want %v, got %v", want, got)
	}
}
