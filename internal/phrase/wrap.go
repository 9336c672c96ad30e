package phrase

import (
	"strings"
	"unicode/utf8"
)

// helpWidth is the width of what help prints, in columns.
const helpWidth = 80

// Wrapped breaks the lines of paragraphs anew at 80 columns, each behind an indent of at most eight.
// Lines that are indented already stay as they are.
func Wrapped(text, indent string) string {
	width := helpWidth
	if indent != "" {
		width -= 8
	}
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, indent+line)
		}
		line = ""
	}
	for _, source := range strings.Split(strings.TrimSpace(text), "\n") {
		switch {
		case source == "":
			flush()
			lines = append(lines, "")
			continue
		case source[0] == '\t' || source[0] == ' ':
			flush()
			lines = append(lines, indent+source)
			continue
		}
		for _, word := range strings.Fields(source) {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				flush()
			}
			line = strings.TrimSpace(line + " " + word)
		}
	}
	flush()
	return strings.Join(lines, "\n")
}
