// Package phrase writes counts and versions for people.
package phrase

import "fmt"

// Count returns a number of things: "1 module", "2 modules".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Version returns a version as it follows a name, "@v1.2.3", or "" if there is none.
func Version(version string) string {
	if version == "" {
		return ""
	}
	return "@" + version
}
