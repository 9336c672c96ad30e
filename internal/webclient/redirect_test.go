package webclient

import (
	"net/http"
	"net/url"
	"testing"
)

func TestRedirect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to       string
		allowed, keeps bool // keeps its credentials
	}{
		{"https://a.test/x", "https://a.test/y", true, true},
		{"https://a.test/x", "https://b.test/y", true, false},
		{"https://a.test/x", "https://a.test:8443/y", true, false},
		{"https://a.test/x", "http://a.test/y", false, false},
		{"http://a.test/x", "https://a.test/y", true, true},
		{"http://a.test/x", "file:///etc/passwd", false, false},
		{"https://a.test/x", "https://127.0.0.1/y", false, false},
		{"https://a.test/x", "https://[::1]/y", false, false},
		{"https://a.test/x", "https://localhost/y", false, false},
		{"http://127.0.0.1:1/x", "http://127.0.0.1:2/y", true, false},
	} {
		request := func(at string) *http.Request {
			u, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			return &http.Request{URL: u, Header: http.Header{"Authorization": {"Basic x"}}}
		}
		to := request(test.to)
		err := CheckRedirect(to, []*http.Request{request(test.from)})
		if (err == nil) != test.allowed {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
		if keeps := to.Header.Get("Authorization") != ""; err == nil && keeps != test.keeps {
			t.Errorf("%s to %s: credentials kept: %v", test.from, test.to, keeps)
		}
	}
}

func TestNetrc(t *testing.T) {
	t.Parallel()
	const file = "machine other.test login x password y\nmacdef init\n machine a.test login no password no\n\nmachine a.test\n\tlogin me\n\tpassword secret\ndefault login d password e\n"
	if got := parseNetrc(file, "a.test"); got == nil || got.String() != "me:secret" {
		t.Errorf("got %v", got)
	}
	if got := parseNetrc(file, "unknown.test"); got != nil {
		t.Errorf("got %v for an unknown host", got)
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine example.com login me password secret\nmacdef x\n y\n\ndefault login a password b")
	f.Fuzz(func(_ *testing.T, data string) { parseNetrc(data, "example.com") })
}
