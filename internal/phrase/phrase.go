// Package phrase writes figures for people: sizes, durations, counts and versions.
package phrase

import (
	"fmt"
	"time"
)

// Size returns a number of bytes in the unit that fits: "1.5 MiB".
func Size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// Count returns a number of things: "1 module", "2 modules".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Took returns a duration without more digits than matter.
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// Version returns a version as it follows a name, "@v1.2.3", or "" if there is none.
func Version(version string) string {
	if version == "" {
		return ""
	}
	return "@" + version
}
