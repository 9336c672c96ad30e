package quantity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/quantity"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "12B": 12, "3KiB": 3 << 10, "64MiB": 64 << 20, "2GiB": 2 << 30, "1536MiB": 1536 << 20} {
		n, err := quantity.ParseSize(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, n, text)
		again, err := quantity.ParseSize(quantity.Size(n))
		require.NoError(t, err, text)
		assert.Equal(t, n, again, text)
	}
	for _, text := range []string{"", "0", "-1MiB", "MiB", "12XB", "1.5GiB", "64 MiB", "64MB", "1KiBMiB", "99999999999GiB"} {
		_, err := quantity.ParseSize(text)
		assert.EqualError(t, err, `"`+text+`" is no size such as 64MiB`)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"72h": 3 * day, "3d": 3 * day, "1.5d": 36 * time.Hour, "-2d": -2 * day, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "0": 0} {
		d, err := quantity.ParseDuration(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, d, text)
		again, err := quantity.ParseDuration(quantity.Duration(d))
		require.NoError(t, err, text)
		assert.Equal(t, d, again, text)
	}
	for _, text := range []string{"", "3", "d", "3 d", "3dd", "1h3d", "99999999d", "9000000h"} {
		_, err := quantity.ParseDuration(text)
		assert.EqualError(t, err, `"`+text+`" is no duration such as 72h or 3d`)
	}
	for text, d := range map[string]time.Duration{"10s": 10 * time.Second, "20m": 20 * time.Minute, "1h0m10s": time.Hour + 10*time.Second, "100ms": 100 * time.Millisecond} {
		assert.Equal(t, text, quantity.Duration(d))
	}
	assert.Equal(t, "3d", quantity.Duration(3*day))
	assert.Equal(t, "-2d", quantity.Duration(-2*day))
	assert.Equal(t, "36h", quantity.Duration(36*time.Hour))
	assert.Equal(t, "1m30s", quantity.Duration(90*time.Second))
	assert.Equal(t, "0s", quantity.Duration(0))
}

func TestForPeople(t *testing.T) {
	t.Parallel()
	for text, n := range map[string]int64{
		"0B": 0, "1023B": 1023, "1KiB": 1024, "20.4KiB": 20890, "1MiB": 1<<20 - 1, "64MiB": 64 << 20, "1.5GiB": 3 << 29, "3000GiB": 3000 << 30,
	} {
		assert.Equal(t, text, quantity.About(n))
	}
	for text, d := range map[string]time.Duration{
		"0s": 0, "312µs": 312_400 * time.Nanosecond, "4.8ms": 4_812 * time.Microsecond, "1.23s": 1_234 * time.Millisecond, "1m35s": 94_542 * time.Millisecond, "20m": 20 * time.Minute,
	} {
		assert.Equal(t, text, quantity.Took(d))
	}
}
