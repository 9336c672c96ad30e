package webclient

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// way is one of the commands that GOAUTH lists.
type way struct {
	kind string   // "netrc", "git" or "command"
	dir  string   // of git
	argv []string // of a command
	err  error    // why the command cannot be run, which is as if it failed
}

func (w way) String() string {
	if w.kind == "command" && len(w.argv) > 0 {
		return filepath.Base(w.argv[0]) // its arguments may be secret
	}
	return w.kind
}

func badGoAuth(format string, args ...any) error {
	return &CredentialsError{Reason: "GOAUTH: " + fmt.Sprintf(format, args...), Fix: "run `go help goauth`, and set it with go env -w GOAUTH=…"}
}

// parseGoAuth reads a value of GOAUTH.
func parseGoAuth(value string) ([]way, error) {
	if strings.TrimSpace(value) == "" {
		value = "netrc"
	}
	commands := strings.Split(value, ";")
	var ways []way
	for _, command := range commands {
		words := strings.Fields(command)
		switch {
		case len(words) == 0:
			return nil, badGoAuth("it holds an empty command")
		case words[0] == "off" && len(commands) > 1:
			return nil, badGoAuth("off cannot be combined with other commands")
		case words[0] == "off":
		case words[0] == "netrc":
			ways = append(ways, way{kind: "netrc"})
		case words[0] == "git":
			if len(words) != 2 || !filepath.IsAbs(words[1]) {
				return nil, badGoAuth("git takes the absolute path of one directory")
			}
			if info, err := os.Stat(words[1]); err != nil || !info.IsDir() {
				return nil, badGoAuth("git %s: there is no such directory", words[1])
			}
			ways = append(ways, way{kind: "git", dir: words[1]})
		default:
			argv, err := splitQuoted(command)
			ways = append(ways, way{kind: "command", argv: argv, err: err})
		}
	}
	return ways, nil
}

// splitQuoted splits at spaces; a word in single or double quotes may hold some. Nothing is
// escaped.
func splitQuoted(s string) ([]string, error) {
	var words []string
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return words, nil
		}
		if quote := s[:1]; quote == `"` || quote == `'` {
			word, rest, ok := strings.Cut(s[1:], quote)
			if !ok {
				return nil, errors.New("a quote is not closed")
			}
			words, s = append(words, word), rest
			continue
		}
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
}
