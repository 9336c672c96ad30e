// Package askedtest holds the rules about what a module may ask a value of the host for, beside the
// methods of the interface that it was given as.
package askedtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){
		"AskedJSON":       s.testJSON,
		"AskedText":       s.testText,
		"AskedFlags":      s.testFlags,
		"AskedStanding":   s.testStanding,
		"AskedForms":      s.testForms,
		"AskedNothing":    s.testNothing,
		"AskedFormChoice": s.testFormChoice,
		"AskedRefused":    s.testRefused,
		"OddKeys":         s.testOdd,
		"AskedInterfaces": s.testInterfaces,
		"Twins":           s.testTwins,
	}
}

type registered struct {
	Name string `json:"sub,omitempty"`
}

func (r registered) Subject() string { return r.Name }

// tagged says by its tags, also by those of what it embeds, what its JSON is.
type tagged struct {
	registered
	Roles []string
	Extra any `json:"extra"`
}

// named has no tags.
type named struct{ Key string }

func (n named) Subject() string { return n.Key }

type claims map[string]any

func (c claims) Subject() string { return fmt.Sprint(c["sub"]) }

type written struct{ key string }

func (w *written) Subject() string              { return w.key }
func (w *written) MarshalJSON() ([]byte, error) { return []byte(`"<` + w.key + `>"`), nil }
func (w *written) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &w.key) }

type failing struct{}

func (failing) Subject() string              { return "" }
func (failing) MarshalText() ([]byte, error) { return nil, errors.New("no text today") }

// testJSON: a value with a JSON form has it in the module, and is filled from one.
func (s suite) testJSON(t *testing.T) {
	m := s.Testdata(t, "values", 0)

	own := gosuite.Bound[func(interface{ Subject() string }, bool) (string, error)](t, m, "ClaimJSON")
	fill := gosuite.Bound[func(string, interface{ Subject() string }) error](t, m, "FillClaim")
	for want, v := range map[string]interface{ Subject() string }{
		`{"claim":{"sub":"ann","Roles":["a<b"],"extra":null}}`: tagged{registered{"ann"}, []string{"a<b"}, nil},
		`{"claim":{"sub":"bob","Roles":null,"extra":7}}`:       &tagged{registered{"bob"}, nil, 7},
		`{"claim":{"n":1,"sub":"eve"}}`:                        claims{"sub": "eve", "n": 1},
		`{"claim":"<joe>"}`:                                    &written{"joe"},
	} {
		got, err := own(v, false)
		require.NoError(t, err)
		assert.Equal(t, want+"\n", got)
	}
	got, err := own(&written{"joe"}, true)
	require.NoError(t, err)
	assert.Equal(t, `{"claim":"\u003cjoe\u003e"}`+"\n", got)
	_, err = own(failing{}, true)
	assert.ErrorContains(t, err, "no text today")
	for _, v := range []interface{ Subject() string }{named{"secret"}, &named{"secret"}} {
		got, err = own(v, true)
		assert.ErrorContains(t, err, "has no JSON form in the module: it needs json tags or a method MarshalJSON")
		assert.NotContains(t, got, "secret")
	}

	filled := &tagged{registered{"ann"}, []string{"kept"}, nil}
	require.NoError(t, fill(`{"sub": "bob", "extra": [1]}`, filled))
	assert.Equal(t, &tagged{registered{"bob"}, []string{"kept"}, []any{1.0}}, filled)
	entries := claims{"n": 1}
	require.NoError(t, fill(`{"sub": "bob"}`, entries))
	assert.Equal(t, claims{"n": 1, "sub": "bob"}, entries)
	w := new(written)
	require.NoError(t, fill(`"joe"`, w))
	assert.Equal(t, "joe", w.key)
	assert.ErrorContains(t, fill(`{"sub": 7}`, filled), "json: cannot unmarshal number into Go struct field tagged.registered.sub of type string")
	assert.ErrorContains(t, fill(`{"sub": "x"}`, *filled), "json: Unmarshal(non-pointer askedtest.tagged)")
	assert.ErrorContains(t, fill(`{}`, &named{}), "has no JSON form")
	_, err = gosuite.Bound[func(interface{ Subject() string }) (string, error)](t, m, "ClaimXML")(filled)
	assert.ErrorContains(t, err, "xml: unsupported type")
}

type spoken struct{ name string }

func (s spoken) Subject() string { return s.name }
func (s spoken) String() string  { return "I am " + s.name }

type formatted struct{ name string }

func (f formatted) Subject() string                 { return f.name }
func (f formatted) Format(out fmt.State, verb rune) { fmt.Fprintf(out, "%c of %s", verb, f.name) }

// testText: a value prints itself by its own methods, and nothing else of it is printed.
func (s suite) testText(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	print := gosuite.Bound[func(string, interface{ Subject() string }) string](t, m, "ClaimText")
	for _, format := range []string{"%v", "%s", "%q", "%10s|", "%-12v|", "%x"} {
		for _, v := range []interface{ Subject() string }{spoken{"ann"}, &spoken{"ann"}, formatted{"bob"}} {
			assert.Equal(t, fmt.Sprintf(format, v), print(format, v), "%s of %T", format, v)
		}
	}
	assert.Equal(t, "%!v(PANIC=Format method: a askedtest.named of the host does not say how it is printed)", print("%v", named{"secret"}))
}

type toggle bool

func (b *toggle) String() string        { return strconv.FormatBool(bool(*b)) }
func (b *toggle) Set(text string) error { *b = text == "true"; return nil }
func (b *toggle) IsBoolFlag() bool      { return true }

type number int

func (n *number) String() string { return strconv.Itoa(int(*n)) }
func (n *number) Set(text string) (err error) {
	v, err := strconv.Atoi(text)
	*n = number(v)
	return err
}

// testFlags: a flag of the host may do without a value if it says so.
func (s suite) testFlags(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	parseBool := gosuite.Bound[func(*toggle, ...string) ([]string, error)](t, m, "ParseFlag")
	var on toggle
	rest, err := parseBool(&on, "-f", "rest")
	require.NoError(t, err)
	assert.Equal(t, []string{"rest"}, rest)
	assert.True(t, bool(on))
	parse := gosuite.Bound[func(*number, ...string) ([]string, error)](t, m, "ParseFlag")
	var n number
	rest, err = parse(&n, "-f", "7", "rest")
	require.NoError(t, err)
	assert.Equal(t, []string{"rest"}, rest)
	assert.EqualValues(t, 7, n)
}

type checked struct{ name string }

func (c checked) Subject() string { return c.name }
func (c checked) Check() error    { return errors.New(c.name + " is bad") }

type priced struct{ spoken }

func (priced) Price() int { return 3 }

type both struct{ checked }

func (both) Price() int { return 4 }

type misnamed struct{ spoken }

func (misnamed) Check() string { return "" }

// testInterfaces: a value that is more of the module's interfaces is all of them there.
func (s suite) testInterfaces(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	check := gosuite.Bound[func(interface{ Subject() string }) (int, error)](t, m, "CheckClaim")
	for _, c := range []struct {
		v     interface{ Subject() string }
		price int
		err   string
	}{
		{checked{"ann"}, -1, "ann is bad"},
		{&checked{"bob"}, -1, "bob is bad"},
		{priced{}, 3, "not checked"},
		{both{checked{"eve"}}, 4, "eve is bad"},
		{misnamed{}, -1, "not checked"},
		{spoken{}, -1, "not checked"},
	} {
		price, err := check(c.v)
		assert.EqualError(t, err, c.err)
		assert.Equal(t, c.price, price)
	}
	concrete := gosuite.Bound[func(checked) (int, error)](t, m, "CheckClaim")
	_, err := concrete(checked{"ann"})
	assert.EqualError(t, err, "ann is bad")

	count := gosuite.Bound[func(...interface{ Subject() string }) int](t, m, "CountClaims")
	p := &spoken{"x"}
	assert.Equal(t, 4, count(p, p, checked{"a"}, checked{"a"}, checked{"b"}, &checked{"a"}))
	first := gosuite.Bound[func(...interface{ Subject() string }) interface{ Subject() string }](t, m, "FirstClaim")
	assert.Same(t, p, first(p))
	assert.Equal(t, checked{"a"}, first(checked{"a"}))
}
