package webclient

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to string
		allowed  bool
	}{
		{"https://a.test/x", "https://a.test/y", true},
		{"https://a.test/x", "https://b.test/y", true},
		{"https://a.test/x", "https://a.test:8443/y", true},
		{"https://a.test/x", "http://a.test/y", false},
		{"http://a.test/x", "https://a.test/y", true},
		{"http://a.test/x", "file:///etc/passwd", false},
		{"https://a.test/x", "https://127.0.0.1/y", false},
		{"https://a.test/x", "https://[::1]/y", false},
		{"https://a.test/x", "https://localhost/y", false},
		{"https://a.test/x", "https://LOCALHOST./y", false},
		{"https://a.test/x", "https://a.localhost/y", false},
		{"https://a.test/x", "https://127.1/y", false},
		{"https://a.test/x", "https://0x7f.1/y", false},
		{"https://a.test/x", "https://2130706433/y", false},
		{"https://a.test/x", "https://0.0.0.0/y", false},
		{"https://a.test/x", "https://[::]/y", false},
		{"https://a.test/x", "https://[::ffff:127.0.0.1]/y", false},
		// Package net/http asks these for what stands behind them (IDNA).
		{"https://a.test/x", "https://１２７.０.０.１/y", false},
		{"https://a.test/x", "https://127。0。0。1:8443/y", false},
		{"https://a.test/x", "https://ｌocalhost/y", false},
		{"https://a.test/x", "https://loca\u00adlhost/y", false},
		{"https://a.test/x", "https://xn--e1afmkfd.test/y", true},
		{"https://127.0.0.1/x", "https://127.1/y", true},
		{"http://127.0.0.1:1/x", "http://127.0.0.1:2/y", true},
	} {
		request := func(at string) *http.Request {
			u, err := url.Parse(at)
			require.NoError(t, err)
			return &http.Request{URL: u}
		}
		to := request(test.to)
		err := checkRedirect(to, []*http.Request{request(test.from)})
		assert.Equalf(t, test.allowed, err == nil, "%v %v", test.from, test.to)
	}
}

func TestNetrc(t *testing.T) {
	t.Parallel()
	const file = "machine other.test login x password y\nmacdef init\n machine a.test login no password no\n\nmachine a.test\n\tlogin me\n\tpassword secret\ndefault login d password e\n"
	got := parseNetrc(file)
	require.Len(t, got, 2)
	assert.Equal(t, "me:secret", got["a.test"].String())
	assert.Equal(t, "x:y", got["other.test"].String())
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine example.com login me password secret\nmacdef x\n y\n\ndefault login a password b")
	f.Fuzz(func(_ *testing.T, data string) { parseNetrc(data) })
}
