package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/internal/regular"
)

// Signer says by whom modules have to be signed: each that matches the pattern by one of the keys
// of all signers that match it.
type Signer struct {
	Pattern string    // as in GOPRIVATE
	Key     string    // a verifier key as [golang.org/x/mod/sumdb/note] has them: "team+5f1c3a2b+AbC…"
	Until   time.Time // from when on the key counts for nothing new; zero for never
}

// Sign returns the signed note that says that a module's source has a sum. It belongs into the file
// [SignatureFile] of the policy's directory of signatures. earlier is what is in that file, or nil:
// its signatures by others are kept where they say the same.
func Sign(path, version, sum string, earlier []byte, signers ...note.Signer) ([]byte, error) {
	n := &note.Note{Text: signedText(path, version, sum)}
	if _, err := note.Open(earlier, note.VerifierList()); err != nil {
		var unverified *note.UnverifiedNoteError
		if errors.As(err, &unverified) && unverified.Note.Text == n.Text {
			n.UnverifiedSigs = unverified.Note.UnverifiedSigs
		}
	}
	return note.Sign(n, signers...)
}

func signedText(path, version, sum string) string {
	return fmt.Sprintf("load signature 1\n%s %s %s\n", path, version, sum)
}

// SignatureFile returns the name of the file, within a directory of signatures, that holds a
// module's. That of a repository, an archive or a file, whose path is a URL, is called by the sum
// of that.
func SignatureFile(path, version string) (string, error) {
	if location(path) != path {
		sum := sha256.Sum256([]byte(path + "@" + version))
		return hex.EncodeToString(sum[:]) + ".sig", nil
	}
	escapedPath, err := module.EscapePath(path)
	if err != nil {
		return "", err
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return filepath.FromSlash(escapedPath) + "@" + escapedVersion + ".sig", nil
}

// Signed decides whether a module has the signature that it needs. It is asked about what is new:
// what a lock file holds was decided when it was locked, and stays good when a key expires.
func (p *Policy) Signed(path, version, sum string, now time.Time) Decision {
	var verifiers []note.Verifier
	rule, expired := "", ""
	for _, s := range p.Signers {
		if pattern, _ := denied([]string{s.Pattern}, path); pattern == "" { // as a rule that forbids: no spelling goes without
			continue
		}
		name, _, _ := strings.Cut(s.Key, "+")
		text := "sign " + s.Pattern + " " + name
		if rule == "" {
			rule = text
		}
		if !s.Until.IsZero() && !now.Before(s.Until) {
			expired = name
			continue
		}
		v, err := note.NewVerifier(s.Key)
		if err != nil {
			return p.refuse(text, "the key of "+name+" cannot be used: "+err.Error(), "")
		}
		verifiers = append(verifiers, v)
	}
	if rule == "" {
		return Decision{Allowed: true}
	}
	subject := path + "@" + version
	if len(verifiers) == 0 {
		return p.refuse(rule, "the key of "+expired+" has expired, and "+subject+" is new", "add the new key to the policy")
	}
	signer, err := p.verify(path, version, sum, verifiers)
	if err != nil {
		return p.refuse(rule, "the signature of "+subject+" is not good: "+err.Error(), "ask its authors for a signature by one of the keys")
	}
	return Decision{Allowed: true, Rule: p.rule(rule), Reason: subject + " is signed by " + signer}
}

// Unsigned decides about a file or directory that is used in place, which nothing signs: none that
// a rule says has to be signed may be.
func (p *Policy) Unsigned(place string) Decision {
	for _, s := range p.Signers {
		if pattern, _ := denied([]string{s.Pattern}, place); pattern != "" {
			name, _, _ := strings.Cut(s.Key, "+")
			return p.refuse("sign "+s.Pattern+" "+name, place+" has to be signed, and is used in place", "sign a copy of it, and ask for that: file::"+place)
		}
	}
	return Decision{Allowed: true}
}

func (p *Policy) verify(path, version, sum string, verifiers []note.Verifier) (signer string, err error) {
	file, err := SignatureFile(path, version)
	if err != nil {
		return "", err
	}
	if p.Signatures == "" {
		return "", errors.New("the policy names no directory of signatures")
	}
	root, err := os.OpenRoot(p.Signatures)
	if err != nil {
		return "", errors.New("the directory of signatures cannot be read: " + p.Signatures)
	}
	defer root.Close()
	data, err := regular.ReadIn(root, file, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("there is none")
	}
	if err != nil {
		return "", err
	}
	n, err := note.Open(data, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified):
		return "", errors.New("none of the keys made it")
	case err != nil:
		return "", err
	case n.Text != signedText(path, version, sum):
		return "", errors.New("it is of something else")
	}
	return n.Sigs[0].Name, nil
}

func (p *parser) sign(args []string) error {
	if len(args) != 2 && (len(args) != 4 || args[2] != "until") {
		return p.fail("want sign PATTERN KEY [until YYYY-MM-DD]")
	}
	if err := p.pattern(args[0]); err != nil {
		return err
	}
	s := Signer{Pattern: args[0], Key: args[1]}
	v, err := note.NewVerifier(s.Key)
	if err != nil {
		return p.fail("%q is no key such as NAME+HASH+KEY", s.Key)
	}
	if len(args) == 4 {
		if s.Until, err = time.Parse(time.DateOnly, args[3]); err != nil {
			return p.fail("%q is no date such as 2027-01-31", args[3])
		}
	}
	if slices.ContainsFunc(p.policy.Signers, func(o Signer) bool { return o.Pattern == s.Pattern && o.Key == s.Key }) {
		return p.fail("the key of %s signs %s already", v.Name(), s.Pattern)
	}
	p.from("sign " + s.Pattern + " " + v.Name())
	p.policy.Signers = append(p.policy.Signers, s)
	return nil
}
