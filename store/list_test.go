package store_test

import (
	"fmt"
	"testing"

	"github.com/loadgo/load/store"
)

func BenchmarkAllRecords(b *testing.B) {
	s, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 10000 {
		pkg := fmt.Sprintf("example.com/p%05d", i)
		if err := s.PutRecord(&store.Record{Package: pkg, Module: pkg, Version: "v1.0.0", Target: "linux_amd64", Hash: pkg}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		n := 0
		for _, err := range s.AllRecords("linux_amd64") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(n), "records")
	}
}
