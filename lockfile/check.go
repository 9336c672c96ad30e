package lockfile

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// check reports whether lines can hold the entry, and nothing in it could be taken for a path or an
// option by who uses it.
func (e *Entry) check() error {
	if err := checkName(e.Name); err != nil {
		return err
	}
	if err := e.checkHead(); err != nil {
		return err
	}
	for _, grant := range e.Grants {
		if err := checkGrant(grant); err != nil {
			return err
		}
	}
	for i, m := range e.Needs {
		if err := m.check(); err != nil {
			return err
		}
		if i > 0 && e.Needs[i-1].Path == m.Path {
			return fmt.Errorf("it needs %s at %s and at %s", m.Path, e.Needs[i-1].Version, m.Version)
		}
	}
	return nil
}

// checkHead checks what an "at" line holds besides the name.
func (e *Entry) checkHead() error {
	if err := checkVersion(e.Version); err != nil {
		return err
	}
	if err := checkField("origin", e.Origin); err != nil {
		return err
	}
	if e.Module != "" {
		if err := checkField("module", e.Module); err != nil {
			return err
		}
	}
	if year := e.Time.Year(); !e.Time.IsZero() && (year < 0 || year > 9999) {
		return fmt.Errorf("invalid publication year %d", year)
	}
	return nil
}

func checkName(name string) error {
	for part := range strings.SplitSeq(name, " with ") {
		if err := checkField("name", part); err != nil {
			return err
		}
	}
	return nil
}

func checkGrant(grant string) error {
	if err := checkText(grant); err != nil {
		return err
	}
	if grant == "" || strings.TrimSpace(grant) != grant {
		return fmt.Errorf("%q cannot be granted", grant)
	}
	return nil
}

func (m Module) check() error {
	if err := checkField("module", m.Path); err != nil {
		return err
	}
	if err := checkVersion(m.Version); err != nil {
		return err
	}
	return checkSum(m.Sum)
}

// checkField accepts what is one field of a line.
func checkField(what, s string) error {
	switch {
	case s == "" || s == "-":
		return fmt.Errorf("the %s is missing", what)
	case strings.HasPrefix(s, "-"):
		return fmt.Errorf("the %s %q starts with \"-\"", what, s)
	case strings.IndexByte(s, ' ') >= 0:
		return fmt.Errorf("the %s %q holds a space", what, s)
	}
	return checkText(s)
}

// checkText refuses what does not show, or makes a line look like another.
func checkText(s string) error {
	if plainText(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if r != ' ' && !unicode.IsPrint(r) {
			return fmt.Errorf("%q holds the character %U, which does not show", s, r)
		}
	}
	return nil
}

// plainText tells quickly that a text is printable ASCII, which nearly all of a lock file is.
func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// checkVersion accepts what can name a version, a commit or the like, and no path.
func checkVersion(s string) error {
	if err := checkField("version", s); err != nil {
		return err
	}
	if sum, ok := strings.CutPrefix(s, "sha256:"); ok { // of a file
		if _, err := hex.DecodeString(sum); err != nil || len(sum) != 2*sha256.Size {
			return fmt.Errorf("%q is no version: a sum is \"sha256:\" and 64 digits", s)
		}
		return nil
	}
	if strings.HasPrefix(s, "h1:") { // of a directory
		return checkSum(s)
	}
	if strings.HasPrefix(s, "/") || strings.Contains(s, "..") || strings.ContainsAny(s, `\@:*?[^~`) {
		return fmt.Errorf("%q is no version", s)
	}
	return nil
}

var errSum = errors.New(`a sum is "h1:" and 44 characters of base64`)

func checkSum(s string) error {
	encoded, ok := strings.CutPrefix(s, "h1:")
	if !ok || len(encoded) != sumLength || strings.ContainsAny(encoded, "\r\n") {
		return errSum
	}
	var sum [sumLength]byte
	if n, err := base64.StdEncoding.Strict().Decode(sum[:], []byte(encoded)); err != nil || n != sha256.Size {
		return errSum
	}
	return nil
}

// sumLength is the length of a SHA-256 sum in base64.
const sumLength = 44
