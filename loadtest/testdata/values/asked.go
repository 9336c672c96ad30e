package values

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
)

// Claim is an interface whose values may be more.
type Claim interface{ Subject() string }

// CheckedClaim is asked for by type assertion, as is PricedClaim.
type CheckedClaim interface {
	Claim
	Check() error
}

type PricedClaim interface {
	Claim
	Price() int
}

// ClaimJSON writes a claim as JSON.
func ClaimJSON(c Claim, escape bool) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(escape)
	err := encoder.Encode(map[string]any{"claim": c})
	return out.String(), err
}

// FillClaim reads a claim from JSON, as packages do that are given what to fill as an interface.
func FillClaim(text string, c Claim) error { return json.Unmarshal([]byte(text), &c) }

// ClaimXML writes a claim as XML.
func ClaimXML(c Claim) (string, error) {
	text, err := xml.Marshal(c)
	return string(text), err
}

// ClaimText prints a claim.
func ClaimText(format string, c Claim) string { return fmt.Sprintf(format, c) }

// CheckClaim checks a claim that can be checked, and tells its price.
func CheckClaim(c Claim) (price int, err error) {
	price = -1
	if priced, ok := c.(PricedClaim); ok {
		price = priced.Price()
	}
	if checked, ok := c.(CheckedClaim); ok {
		return price, checked.Check()
	}
	return price, errors.New("not checked")
}

// CountClaims counts the claims that differ.
func CountClaims(claims ...Claim) int {
	all := map[Claim]bool{}
	for _, c := range claims {
		all[c] = true
	}
	return len(all)
}

// FirstClaim returns the first claim.
func FirstClaim(claims ...Claim) Claim { return claims[0] }

// ParseFlag parses arguments for one flag, -f.
func ParseFlag(v flag.Value, args ...string) (rest []string, err error) {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Var(v, "f", "")
	err = set.Parse(args)
	return set.Args(), err
}

// SubjectOf asks a claim, also one that is a nil pointer; "none" is that of no claim.
func SubjectOf(c Claim) string {
	if c == nil {
		return "none"
	}
	return c.Subject()
}
