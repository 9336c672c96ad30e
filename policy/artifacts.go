package policy

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ArtifactSource is a repository in which the hosts of a fleet find what one of them compiled, and a
// key by which that is trusted. Of one repository there may be several keys, and any of them does.
type ArtifactSource struct {
	URL   string    // oci://registry/repository
	Key   string    // a verifier key, as in [Signer]
	Since time.Time // from when on signatures count, by the date in them; zero for all
	Until time.Time // from when on the key counts for nothing that a host does not have; zero for never
}

// ArtifactScheme begins the URL of an [ArtifactSource].
const ArtifactScheme = "oci://"

// ArtifactSignature is what the signature of an artifact says: when its key was used for what is
// compiled of certain sources, by a certain compiler.
type ArtifactSignature struct {
	Key    string    // of the artifact, as the store has it
	Digest string    // "sha256:…" of what lists its files
	Date   time.Time // to the day
}

const artifactHeader = "load artifact 1\n"

func (s ArtifactSignature) text() string {
	return fmt.Sprintf("%s%s %s %s\n", artifactHeader, s.Key, s.Digest, s.Date.UTC().Format(time.DateOnly))
}

// Sign returns the signed note that says so.
func (s ArtifactSignature) Sign(signer note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: s.text()}, signer)
}

// readSigned returns what a note says that was verified.
func readSigned(text string) (s ArtifactSignature, err error) {
	line, ok := strings.CutPrefix(text, artifactHeader)
	words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	if ok && len(words) == 3 {
		s.Key, s.Digest = words[0], words[1]
		s.Date, err = time.Parse(time.DateOnly, words[2])
	}
	if !ok || err != nil || s.text() != text {
		return s, errors.New("it is not the signature of an artifact, or one of another format")
	}
	return s, nil
}

// Artifact decides about an artifact that another machine compiled, by a note that may be its
// signature. For what this machine has already, now is the zero time: a key that expired meanwhile
// is good for that. A policy without artifact sources allows none.
func (p *Policy) Artifact(key, digest string, signed []byte, now time.Time) Decision {
	if len(p.Artifacts) == 0 {
		return p.refuse("artifacts", "it says nothing of what other machines compile", "add the rule \"artifacts oci://REPOSITORY signed-by KEY\"")
	}
	rule := ""
	reason, fix := "none of the keys signed it", "let a builder push it with one of the keys: `load get -push -key FILE NAME`"
	for _, s := range p.Artifacts {
		text := s.rule()
		if rule == "" {
			rule = text
		}
		verifier, err := note.NewVerifier(s.Key)
		if err != nil {
			return p.refuse(text, "the key of "+s.signer()+" cannot be used: "+err.Error(), "")
		}
		n, err := note.Open(signed, note.VerifierList(verifier))
		if err != nil {
			continue
		}
		says, err := readSigned(n.Text)
		switch {
		case err != nil:
			reason = err.Error()
		case says.Key != key:
			reason = "it is another artifact, which " + s.signer() + " signed for something else"
		case says.Digest != digest:
			reason = "it is not what " + s.signer() + " signed"
		case says.Date.Before(s.Since):
			reason = fmt.Sprintf("%s signed it on %s, and older signatures than of %s do not count", s.signer(), says.Date.Format(time.DateOnly), s.Since.Format(time.DateOnly))
		case !s.Until.IsZero() && !now.Before(s.Until):
			reason, fix = "the key of "+s.signer()+" has expired", "let a builder sign it with the new key, and add that to the policy"
		default:
			return Decision{Allowed: true, Rule: p.rule(text), Reason: "it is signed by " + s.signer()}
		}
		rule = text
	}
	return p.refuse(rule, reason, fix)
}

func (s ArtifactSource) signer() string {
	name, _, _ := strings.Cut(s.Key, "+")
	return name
}

func (s ArtifactSource) rule() string { return "artifacts " + s.URL + " signed-by " + s.signer() }

func (s ArtifactSource) check() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Scheme+"://" != ArtifactScheme || u.Host == "" || strings.Trim(u.Path, "/") == "":
		return errors.New("the place of artifacts is not written oci://REGISTRY/REPOSITORY") // it may hold a password
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(u.Path, "@:"):
		return fmt.Errorf("%s is not the name of a repository alone, as in oci://registry.example.com/team/artifacts", u.Redacted())
	}
	if _, err := note.NewVerifier(s.Key); err != nil {
		return fmt.Errorf("%q is no key such as NAME+HASH+KEY", s.Key)
	}
	return nil
}

func (p *parser) artifacts(args []string) error {
	const usage = "want artifacts oci://REPOSITORY signed-by KEY [since YYYY-MM-DD] [until YYYY-MM-DD]"
	if len(args) < 3 || len(args)%2 == 0 || args[1] != "signed-by" {
		return p.fail(usage)
	}
	s := ArtifactSource{URL: args[0], Key: args[2]}
	if err := s.check(); err != nil {
		return p.fail("%v", err)
	}
	for option := range slices.Chunk(args[3:], 2) {
		to := map[string]*time.Time{"since": &s.Since, "until": &s.Until}[option[0]]
		if to == nil || !to.IsZero() {
			return p.fail(usage)
		}
		var err error
		if *to, err = time.Parse(time.DateOnly, option[1]); err != nil {
			return p.fail("%q is no date such as 2027-01-31", option[1])
		}
	}
	if slices.ContainsFunc(p.policy.Artifacts, func(o ArtifactSource) bool { return o.URL == s.URL && o.Key == s.Key }) {
		return p.fail("the key of %s signs what is in %s already", s.signer(), s.URL)
	}
	p.from(s.rule())
	p.policy.Artifacts = append(p.policy.Artifacts, s)
	return nil
}
