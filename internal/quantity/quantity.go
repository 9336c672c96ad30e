// Package quantity reads and writes sizes and durations in the one way that policy files, lock
// files, options, messages and events have: 64MiB, 72h, 3d.
package quantity

import (
	"fmt"
	"math"
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

// About writes a number of bytes for people, in the unit that fits, with one decimal at most:
// 20.4KiB.
func About(n int64) string {
	size, unit := float64(n), "B"
	for _, larger := range []string{"KiB", "MiB", "GiB"} {
		if math.Round(size*10) < 10<<10 {
			break
		}
		size, unit = size/(1<<10), larger
	}
	return strconv.FormatFloat(math.Round(size*10)/10, 'f', -1, 64) + unit
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

// day is what whole days are counted in.
const day = 24 * time.Hour

// Duration writes a duration without its zero parts, and whole days as such, so that
// [ParseDuration] reads the same: 90m is 1h30m, 72h is 3d.
func Duration(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Took writes for people how long something took, without more digits than matter.
func Took(d time.Duration) string {
	for _, precision := range []struct{ below, digits time.Duration }{
		{time.Millisecond, time.Microsecond}, {time.Second, 100 * time.Microsecond}, {time.Minute, 10 * time.Millisecond},
	} {
		if d < precision.below {
			return Duration(d.Round(precision.digits))
		}
	}
	return Duration(d.Round(time.Second))
}
