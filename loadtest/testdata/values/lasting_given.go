package values

import (
	"context"
	"math/big"
)

// members are kept by their pointers, as a registry keeps them.
var members = map[*Config]bool{}

func AddMember(c *Config)         { members[c] = true }
func HasMember(c *Config) bool    { return members[c] }
func RemoveMember(c *Config) bool { had := members[c]; delete(members, c); return had }
func CountMembers() int           { return len(members) }

// SameParts reports which of the things are the very same as those that KeepConfig was given.
func SameParts(c, sub *Config, entries []Entry, labels map[string]string) (same [4]bool) {
	k := keptConfig
	n := len(labels)
	k.Labels["mark"] = "kept"
	same = [4]bool{c == k, sub == k.Sub, len(entries) > 0 && &entries[0] == &k.Entries[0], len(labels) == n+1}
	delete(k.Labels, "mark")
	return same
}

// SameBig reports whether a number is the one that KeepBig was given, and squares it.
func SameBig(n *big.Int) bool { n.Mul(n, n); return n == keptBig }

// StepGiven changes what is given, calls f, and changes what is kept.
func StepGiven(c *Config, f func()) (same bool, level int) {
	c.Level++
	f()
	keptConfig.Level++
	return c == keptConfig, c.Level
}

// TwiceGiven calls f, which may call others, between changes of what is given.
func TwiceGiven(c *Config, f func()) (name string) {
	c.Name += "a"
	f()
	c.Name += "b"
	return c.Name
}

// SetGiven changes all of what is given.
func SetGiven(c *Config, name string) {
	c.Name, c.Sub.Name, c.Entries[0].Name, c.Labels[name] = name, name, name, name
}

// WaitGiven changes what is given, and waits.
func WaitGiven(ctx context.Context, c *Config, name string) error {
	c.Name = name
	<-ctx.Done()
	return ctx.Err()
}

// FailGiven changes what is given, and panics.
func FailGiven(c *Config, name string) { c.Name = name; panic("failed") }
