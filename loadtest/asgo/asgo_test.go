package asgo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/loadtest/asgo"
)

// library are packages of the standard library that are compared by every run of the tests.
var library = []asgo.Subject{{Path: "strings"}, {Path: "strconv"}, {Path: "path"}, {Path: "encoding/hex"}, {Path: "net/url"}}

// accepted are the differences that the guide's chapter on values names, by the text of the
// difference.
var accepted = []struct {
	text   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`(error|panics with) ".*(asgo\.Record|'Record')`), "names of the host's types stay behind in an any"},
	{regexp.MustCompile(`error ".*loaded ".*guest\.`), "an error of the host in an any has its text and what it matches, not its type"},
	{regexp.MustCompile(`native \S+ Local, loaded`), "the local zone of a module is the module's"},
	{regexp.MustCompile(`native \S+ Europe/Berlin, loaded \S+ (CET|CEST|LMT)`), "a time takes its zone's name and offset along, not the zone"},
	{regexp.MustCompile(`answer cannot be understood: \*semver.Version`), "a value that its own text form does not take back is refused"},
}

// TestLibrary compares a few packages of the standard library.
func TestLibrary(t *testing.T) {
	compare(t, asgo.Build(t, library...), "goprocess")
}

func compare(t *testing.T, p *asgo.Program, engine string) {
	t.Helper()
	dir := os.Getenv("LOAD_DIR")
	if dir == "" {
		dir = filepath.Join(loadtest.TempDir(t), "store")
	}
	for _, r := range p.Compare(t, engine, dir) {
		assert.NotZero(t, r.Calls, r.Path)
		known := map[string]int{}
		for _, n := range r.Differ {
			if why := reason(n.Text); why != "" {
				known[why]++
			} else {
				t.Errorf("%s: %s", r.Path, n)
			}
		}
		t.Logf("%s on %s: %d functions, %d calls, %d functions skipped, %d refused; accepted: %v", r.Path, engine, r.Functions, r.Calls, len(r.Skipped), len(r.Refused), known)
		for _, n := range r.Skipped {
			t.Logf("\tskipped: %s", n)
		}
		for _, n := range r.Refused {
			t.Logf("\trefused: %s", n)
		}
	}
}

// reason is why a difference is accepted, or "".
func reason(text string) string {
	for _, a := range accepted {
		if a.text.MatchString(text) {
			return a.reason
		}
	}
	return ""
}
