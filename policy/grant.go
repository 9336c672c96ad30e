package policy

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/seconds"
	"github.com/loadgo/load/internal/token"
)

// Grant gives the modules that match its pattern something.
type Grant struct {
	Pattern string // as in GOPRIVATE
	Grants
}

// Grants is what a module is given. The zero Grants is nothing.
type Grants struct {
	ReadOnly  []string `json:"read_only,omitempty"`  // files and directories that it may read, as absolute paths
	ReadWrite []string `json:"read_write,omitempty"` // and those that it may also change
	Env       []string `json:"-"`                    // variables, as "NAME=value", or "NAME" for the host's value
	Network   bool     `json:"network,omitempty"`
	Programs  bool     `json:"programs,omitempty"` // start programs that lie in its directories
	Memory    int64    `json:"memory,omitempty"`   // limit in bytes in place of the engine's, 0 for that

	CallTime time.Duration `json:"-"` // limit of one call, 0 for none; in JSON call_time, a number of seconds
}

// fields is Grants without its methods.
type fields Grants

// grantsJSON is how Grants are written in JSON.
type grantsJSON struct {
	*fields
	CallTime seconds.Seconds `json:"call_time,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (g Grants) MarshalJSON() ([]byte, error) {
	return json.Marshal(grantsJSON{(*fields)(&g), seconds.Seconds(g.CallTime)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (g *Grants) UnmarshalJSON(data []byte) error {
	in := grantsJSON{fields: (*fields)(g)}
	err := json.Unmarshal(data, &in)
	g.CallTime = time.Duration(in.CallTime)
	return err
}

// MarshalJSON implements [json.Marshaler]: the one of Grants would leave the pattern out.
func (g Grant) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Pattern string
		grantsJSON
	}{g.Pattern, grantsJSON{(*fields)(&g.Grants), seconds.Seconds(g.CallTime)}})
}

// Capabilities lists what is granted, sorted, as a lock file holds it: "env HOME", "memory 64MiB",
// "network", "programs", "read /etc/ssl", "time 5s", "write /srv". Values of variables are not part
// of it.
func (g Grants) Capabilities() []string {
	list := g.access()
	if g.Memory > 0 {
		list = append(list, memory+quantity.Size(g.Memory))
	}
	if g.CallTime > 0 {
		list = append(list, callTime+quantity.Duration(g.CallTime))
	}
	slices.Sort(list)
	return list
}

const memory, callTime = "memory ", "time "

// access lists what is granted but for the limits, sorted.
func (g Grants) access() []string {
	var list []string
	for _, path := range g.ReadOnly {
		list = append(list, "read "+path)
	}
	for _, path := range g.ReadWrite {
		list = append(list, "write "+path)
	}
	for _, variable := range g.Env {
		list = append(list, "env "+variableName(variable))
	}
	if g.Network {
		list = append(list, "network")
	}
	if g.Programs {
		list = append(list, "programs")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Requests lists what is granted but for the limits, sorted, as Capabilities does: what a module
// could ask a policy for.
func (g Grants) Requests() []string { return g.access() }

// Has reports whether a capability, as Capabilities lists it, is granted.
func (g Grants) Has(capability string) bool { return slices.Contains(g.Capabilities(), capability) }

// CheckRequest returns what is wrong with a capability that somebody asks for.
func CheckRequest(capability string) error {
	what, rest, _ := strings.Cut(capability, " ")
	args := []string{"request", what}
	if rest != "" {
		args = append(args, rest)
	}
	p := &parser{policy: &Policy{from: make(map[string]string)}}
	err := p.grant(args)
	if err == nil && !slices.Equal(p.policy.Grants[0].Requests(), []string{capability}) {
		err = p.fail("it is not spelled as grants are")
	}
	if strings.ContainsFunc(capability, func(r rune) bool { return !unicode.IsPrint(r) }) {
		err = p.fail("it holds what does not show")
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return errors.New(syntax.Reason)
	}
	return err
}

// GrantRule is the line of a policy file that grants a capability to the module of a name.
func GrantRule(name, capability string) string {
	pattern := name
	if isRelative(name) {
		pattern = localPath(name)
	}
	what, rest, _ := strings.Cut(capability, " ")
	rule := "grant " + word(pattern) + " " + what
	if rest != "" {
		rule += " " + word(rest)
	}
	return rule
}

// word writes a word as a policy file has it.
func word(text string) string {
	if strings.ContainsAny(text, " \t#\"") {
		return strconv.Quote(text)
	}
	return text
}

// Beyond lists what is granted beyond the capabilities that a lock file holds, with a limit that
// was raised or taken away.
func (g Grants) Beyond(locked []string) []string {
	var more []string
	for _, capability := range g.access() {
		if !slices.Contains(locked, capability) {
			more = append(more, capability)
		}
	}
	for _, capability := range locked {
		if size, ok := strings.CutPrefix(capability, memory); ok {
			if n, err := quantity.ParseSize(size); err != nil || g.Memory == 0 || g.Memory > n {
				more = append(more, limitText(memory, quantity.Size(g.Memory), g.Memory == 0, size))
			}
		}
		if limit, ok := strings.CutPrefix(capability, callTime); ok {
			if d, err := quantity.ParseDuration(limit); err != nil || g.CallTime == 0 || g.CallTime > d {
				more = append(more, limitText(callTime, quantity.Duration(g.CallTime), g.CallTime == 0, limit))
			}
		}
	}
	return more
}

func limitText(what, now string, none bool, before string) string {
	if none {
		now = "without limit"
	}
	return what + now + " instead of " + before
}

// Zero reports whether nothing is granted and nothing is limited.
func (g Grants) Zero() bool { return len(g.Capabilities()) == 0 }

// Access reports whether anything but limits is granted.
func (g Grants) Access() bool { return len(g.access()) > 0 }

// Environ returns the variables as "NAME=value", with the host's present values for those that were
// granted without one, if the host has them. Tokens of registries (LOAD_TOKEN_…) are never among
// them.
func (g Grants) Environ() []string {
	var list []string
	for _, variable := range g.Env {
		if variableName(variable) == variable {
			value, ok := os.LookupEnv(variable)
			if !ok || token.Holds(variable) {
				continue
			}
			variable += "=" + value
		}
		list = append(list, variable)
	}
	return list
}

func variableName(variable string) string {
	for i := range len(variable) {
		if variable[i] == '=' {
			return variable[:i]
		}
	}
	return variable
}

func (g Grants) with(other Grants) Grants {
	return Grants{
		ReadOnly:  slices.Concat(g.ReadOnly, other.ReadOnly),
		ReadWrite: slices.Concat(g.ReadWrite, other.ReadWrite),
		Env:       slices.Concat(g.Env, other.Env),
		Network:   g.Network || other.Network,
		Programs:  g.Programs || other.Programs,
		Memory:    stricter(g.Memory, other.Memory),
		CallTime:  stricter(g.CallTime, other.CallTime),
	}
}

// stricter is the lower of two limits, of which 0 is none.
func stricter[T int64 | time.Duration](a, b T) T {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Granted adds up what policies give to a module by the names that it goes by, and names the rules.
// Of several limits the lowest counts.
func Granted(policies []*Policy, names ...string) (granted Grants, rules []string) {
	for _, p := range policies {
		for _, g := range p.Grants {
			if !slices.ContainsFunc(names, func(name string) bool { return match([]string{g.Pattern}, name) != "" }) {
				continue
			}
			granted = granted.with(g.Grants)
			for _, text := range g.texts() {
				rules = append(rules, p.rule(text))
			}
		}
	}
	return granted, rules
}

// texts are the rules that a grant consists of, without values of variables.
func (g Grant) texts() []string {
	var texts []string
	for _, capability := range g.Capabilities() {
		texts = append(texts, "grant "+g.Pattern+" "+capability)
	}
	return texts
}
