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
	yardstick()
	measured()
	var bare, ours time.Duration
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		for range batch {
			yardstick()
		}
		middle := time.Now()
		for range batch {
			measured()
		}
		bare += middle.Sub(start)
		ours += time.Since(middle)
	}
	per := float64(b.N * batch)
	b.ReportMetric(float64(ours.Nanoseconds())/per, "ns/call")
	b.ReportMetric(float64(bare.Nanoseconds())/per, "ns/yardstick")
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(0, "ns/op")
}
