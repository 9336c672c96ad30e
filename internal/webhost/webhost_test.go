package webhost_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/webhost"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for want, spellings := range map[string][]string{
		"example.com":    {"example.com", "EXAMPLE.com", "example.com.", "Example.Com.."},
		"127.0.0.1":      {"127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0X7F.0.0.1", "0177.0.0.1", "017700000001", "2130706433", "0x7f000001", "127.1.", "::ffff:127.0.0.1", "[::FFFF:7f00:1]"},
		"10.0.1.2":       {"10.0.258", "10.258", "012.0.0x102"},
		"::1":            {"::1", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::1%eth0]"},
		"2001:db8::a":    {"[2001:DB8::A]", "2001:db8:0:0::a"},
		"xn--e1afmkfd.x": {"XN--e1afmkfd.x"},
		// None of these is an address.
		"127.0.0.256": {"127.0.0.256"}, "1.2.3.4.5": {"1.2.3.4.5"}, "256.1": {"256.1"}, "4294967296": {"4294967296"}, "08.1": {"08.1"}, "0x.1": {"0x.1"}, "1..2": {"1..2"},
		"+1.2": {"+1.2"}, "1_0.1": {"1_0.1"}, "*.example.com": {"*.example.com"}, "": {"", "."},
	} {
		for _, host := range spellings {
			assert.Equal(t, want, webhost.Canonical(host), host)
		}
	}
}

func TestIsLocal(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "LocalHost.", "a.localhost", "127.0.0.1", "127.1", "127.9.9.9", "0x7f.1", "::1", "[::1]", "::ffff:127.0.0.1", "0.0.0.0", "0", "[::]", "::1%lo"} {
		assert.True(t, webhost.IsLocal(host), host)
	}
	for _, host := range []string{"example.com", "localhost.example.com", "10.0.0.1", "128.1", "2001:db8::1", "notlocalhost", ""} {
		assert.False(t, webhost.IsLocal(host), host)
	}
}

func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"ｌocalhost", "loca\u00adlhost", "loc\u200balhost", "127。0。0。1", "①27.0.0.1", "пример.test:8443", "\u212a.test"} {
		assert.Contains(t, webhost.Doubt(host), "outside of ASCII", host)
	}
	for _, host := range []string{"h.test::m:5000", "h.test:80:90", "::1", "[::1]:80:90", "h.test::"} {
		assert.Contains(t, webhost.Doubt(host), "several colons", host)
	}
	for _, host := range []string{"localhost", "127.0.0.1:80", "[::1]", "[::1]:80", "h.test:", "xn--e1afmkfd.test", ""} {
		assert.Empty(t, webhost.Doubt(host), host)
	}
}
