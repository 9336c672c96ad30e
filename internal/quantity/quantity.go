// Package quantity reads and writes sizes and durations in the one way that policy files, lock
// files and options have: 64MiB, 72h, 3d.
package quantity

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseSize reads a positive size such as 64MiB: a whole number of bytes, or of B, KiB, MiB or GiB.
func ParseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "KMGiB")
	shift, ok := map[string]int{"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30}[text[len(digits):]]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || n > 1<<(62-shift) {
		return 0, fmt.Errorf("%q is no size such as 64MiB", text)
	}
	return n << shift, nil
}

// Size writes a number of bytes so that [ParseSize] reads the same number.
func Size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", n>>30)
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}

// longest is a hundred years: far below what a [time.Duration] holds.
const longest = 100 * 365 * 24 * time.Hour

// ParseDuration reads a duration as [time.ParseDuration] does, or a number of days: 72h, 3d. It is
// at most a hundred years, of either sign.
func ParseDuration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no duration such as 72h or 3d", text)
	unit := time.Duration(1)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if strings.Trim(days, "+-.0123456789") != "" {
			return 0, wrong
		}
		text, unit = days+"h", 24
	}
	d, err := time.ParseDuration(text)
	if err != nil || d > longest/unit || d < -longest/unit {
		return 0, wrong
	}
	return d * unit, nil
}

// Duration writes a duration without its zero parts, so that [ParseDuration] reads the same: 72h.
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
