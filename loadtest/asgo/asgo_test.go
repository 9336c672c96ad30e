package asgo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/loadtest/asgo"
)

// Why functions are not called.
const (
	random    = "it is random once for each process"
	addresses = "it prints addresses"
	carry     = "a carry other than 0 and 1 is undefined"
	which     = "which of several mistakes it tells varies"
	directory = "the current directory is another one"
	clock     = "it tells the time"
	writes    = "it writes files"
	hidden    = "String shows what its binary form leaves out"
	method    = "what it returns is printed by a method that the API does not mention"
)

// library are packages of the standard library that are compared by every run of the tests.
var library = []asgo.Subject{{Path: "strings"}, {Path: "strconv"}, {Path: "path"}, {Path: "encoding/hex"}, {Path: "net/url"}}

// more are further packages of the standard library.
var more = []asgo.Subject{
	{Path: "bytes"},
	{Path: "sort"},
	{Path: "slices", Instances: []string{
		"Sort[[]int]", "SortFunc[[]string]", "Index[[]string]", "Insert[[]int]", "Delete[[]string]",
		"Compact[[]int]", "Reverse[[]string]", "Clip[[]int]", "Grow[[]int]", "Concat[[]string]",
		"Values[[]int]", "All[[]string]", "Chunk[[]int]", "Collect[string]", "BinarySearch[[]int]",
		"Max[[]float64]", "Equal[[]float64]", "Replace[[]string]", "DeleteFunc[[]*int]",
		"IndexFunc[[]*int]", "Clone[[]*int]",
	}},
	{Path: "maps", Instances: []string{
		"Clone[map[string]int]", "Copy[map[string]int,map[string]int]", "Keys[map[string]int]",
		"Equal[map[string]int,map[string]int]", "Insert[map[string]int]",
	}},
	{Path: "unicode/utf8"},
	{Path: "unicode/utf16"},
	{Path: "net/netip"},
	{Path: "path/filepath", Skip: map[string]string{"Abs": directory}},
	{Path: "text/template", Skip: map[string]string{
		"JSEscaper": addresses, "HTMLEscaper": addresses, "URLQueryEscaper": addresses,
		"*template.Template.Funcs": which,
	}},
	{Path: "encoding/json"},
	{Path: "encoding/base64"},
	{Path: "encoding/csv"},
	{Path: "encoding/binary"},
	{Path: "encoding/xml"},
	{Path: "html"},
	{Path: "math/big"},
	{Path: "math"},
	{Path: "math/bits", Skip: map[string]string{
		"Add": carry, "Add32": carry, "Add64": carry, "Sub": carry, "Sub32": carry, "Sub64": carry,
	}},
	{Path: "regexp"},
	{Path: "time", Skip: map[string]string{"AfterFunc": "it calls when the call is over"}},
	{Path: "errors"},
	{Path: "mime"},
	{Path: "container/list"},
}

// modules come from the registry.
var modules = []asgo.Subject{
	{Path: "github.com/gosimple/slug", Query: "latest"},
	{Path: "github.com/google/uuid", Query: "latest", Skip: map[string]string{
		"ClockSequence": random, "NewDCEGroup": random, "NewDCEPerson": random, "NewDCESecurity": random,
		"NodeID": random, "NodeInterface": random, "SetNodeInterface": random,
	}},
	{Path: "github.com/shopspring/decimal", Query: "latest"},
	{Path: "github.com/spf13/cast", Query: "latest"},
	{Path: "github.com/Masterminds/semver/v3", Query: "latest"},
	{Path: "github.com/robfig/cron/v3", Query: "latest"},
	{Path: "github.com/goccy/go-yaml", Query: "latest"},
	{Path: "github.com/pelletier/go-toml/v2", Query: "latest"},
	{Path: "github.com/BurntSushi/toml", Query: "latest"},
	{Path: "github.com/mitchellh/mapstructure", Query: "latest"},
	{Path: "golang.org/x/text/language", Query: "latest"},
	{Path: "golang.org/x/text/unicode/norm", Query: "latest"},
	{Path: "github.com/samber/lo", Query: "latest", Skip: map[string]string{"Validate": addresses}, Instances: []string{
		"Uniq[int,[]int]", "Chunk[string,[]string]", "Map[int,string]", "Filter[string,[]string]",
		"Reverse[int,[]int]", "GroupBy[string,int,[]string]", "Drop[int,[]int]",
	}},
	{Path: "github.com/go-playground/validator/v10", Query: "latest"},
	{Path: "github.com/pkg/errors", Query: "latest"},
	{Path: "go.uber.org/multierr", Query: "latest"},
	{Path: "github.com/dustin/go-humanize", Query: "latest"},
	{Path: "github.com/hashicorp/go-version", Query: "latest", Driver: "driveVersion"},
	{Path: "github.com/tidwall/gjson", Query: "latest", Driver: "driveGjson"},
	{Path: "github.com/tidwall/sjson", Query: "latest", Driver: "driveSjson"},
	{Path: "github.com/agnivade/levenshtein", Query: "latest", Driver: "driveLevenshtein"},
	{Path: "github.com/pmezard/go-difflib/difflib", Query: "latest", Driver: "driveDifflib"},
	{Path: "github.com/bits-and-blooms/bitset", Query: "latest", Driver: "driveBitset", Skip: map[string]string{"FromWithLength": hidden, "BinaryOrder": method}},
	{Path: "github.com/gobwas/glob", Query: "latest", Driver: "driveGlob"},
	{Path: "github.com/mattn/go-runewidth", Query: "latest", Driver: "driveRunewidth"},
	{Path: "github.com/joho/godotenv", Query: "latest", Driver: "driveGodotenv", Skip: map[string]string{"Write": writes}},
	{Path: "github.com/google/shlex", Query: "latest", Driver: "driveShlex"},
	{Path: "github.com/sahilm/fuzzy", Query: "latest", Driver: "driveFuzzy"},
	{Path: "github.com/bmatcuk/doublestar/v4", Query: "latest", Driver: "driveDoublestar", Skip: map[string]string{"FilepathGlob": directory}},
	{Path: "github.com/oklog/ulid/v2", Query: "latest", Driver: "driveUlid", Skip: map[string]string{"Now": clock}},
	{Path: "github.com/google/go-querystring/query", Query: "latest", Driver: "driveQuerystring"},
	{Path: "github.com/rivo/uniseg", Query: "latest", Driver: "driveUniseg"},
	{Path: "github.com/cespare/xxhash/v2", Query: "latest", Driver: "driveXxhash"},
	{Path: "github.com/golang-jwt/jwt/v5", Query: "latest", Driver: "driveJwt"},
}

// accepted are the differences that the guide's chapter on values names, by the text of the
// difference.
var accepted = []struct {
	text   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`(error|panics with) ".*(asgo\.Record|'Record')`), "names of the host's types stay behind in an any"},
	{regexp.MustCompile(`unsupported type: struct {`), "names of the host's types stay behind in an any"},
	{regexp.MustCompile(`argument 2.Unused\[0\]: an element of another array`), "the capacity of a slice of strings is its length"},
	{regexp.MustCompile(`with capacity \d+", loaded with ".*with capacity 0"`), "the capacity of a slice of strings is its length"},
	{regexp.MustCompile(`loaded fails: .*malformed version: $`), "a value that its own text form does not take back is refused"},
	{regexp.MustCompile(`answered cannot be understood: (\*semver.Version|netip.Prefix)`), "a value that its own text form does not take back is refused"},
}

// TestLibrary compares a few packages of the standard library.
func TestLibrary(t *testing.T) {
	compare(t, asgo.Build(t, library...), "goprocess")
}

// TestLivePackages compares the packages of the standard library and of the registry. It runs where
// LOAD_LIVE=1, in the store in LOAD_DIR if that is set.
func TestLivePackages(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	compare(t, asgo.Build(t, slices.Concat(more, modules)...), "goprocess")
}

// TestLiveWebAssembly compares the packages of the tests on the other engine, under the same
// conditions.
func TestLiveWebAssembly(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it compiles for minutes: set LOAD_LIVE=1")
	}
	compare(t, asgo.Build(t, library...), "gowasm")
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
		t.Logf("%s on %s: %d functions, %d calls, %d said by the driver, %d functions skipped, %d refused; accepted: %v", r.Path, engine, r.Functions, r.Calls, r.Driven, len(r.Skipped), len(r.Refused), known)
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
