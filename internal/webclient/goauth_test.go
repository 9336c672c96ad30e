package webclient

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAsTheGoCommand gives the go command and this package the same GOAUTH, and compares what a
// module proxy hears and how programs are called.
func TestAsTheGoCommand(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a shell, and a go command that trusts the certificates of SSL_CERT_FILE")
	}
	const right = "Basic bWU6c2VjcmV0" // me:secret
	server := newRecorder(t, right)
	host := strings.TrimPrefix(server.URL, "https://")
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	ca := write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	t.Setenv("SSL_CERT_FILE", ca)
	t.Setenv("GOENV", "off")
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "go", "telemetry"), 0o700))
	write(filepath.Join("go", "telemetry", "mode"), "off")
	t.Setenv("LOAD_TOKEN_COMPANY", "of another")
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	netrc := write("netrc", "machine "+host+" login me password wrong\nmachine other.test login me password secret\n")
	t.Setenv("NETRC", netrc)
	calls := filepath.Join(dir, "calls")
	note := "printf '<%s>' \"$@\" >>" + calls + "; cat >>" + calls + "; env | grep LOAD_TOKEN >>" + calls + "\n"
	answer := func(prefix, credentials string) string {
		return fmt.Sprintf("printf '%s\\n\\nAuthorization: %s\\n\\n'\n", prefix, credentials)
	}
	all := script(t, dir, "all", note+answer("https://"+host, right))
	narrow := script(t, dir, "narrow", note+answer("https://"+host+"/example.com/", right))
	other := script(t, dir, "other", note+answer("https://"+host+"/example.org", "Basic bad"))
	later := script(t, dir, "later", note+"[ -n \"$1\" ] && "+answer("https://"+host, right))
	renewed := script(t, dir, "renewed", note+"if [ -n \"$1\" ]; then "+answer("https://"+host, right)+"else "+answer("https://"+host, "Basic old")+"fi\n")
	wrong := script(t, dir, "wrong", note+answer("https://"+host, "Basic bad"))
	broken := script(t, dir, "broken", note+answer("https://"+host, right)+"exit 1\n")
	garbage := script(t, dir, "garbage", note+"printf 'https://"+host+"\\n\\nAuthorization\\n\\n'\n")
	helper := script(t, dir, "helper", "[ $1 = get ] && printf 'username=me\\npassword=secret\\n'\ntrue\n")
	write(".gitconfig", "[credential]\n\thelper = "+helper+"\n")
	proven := false
	for _, setting := range []string{
		"", "off", "netrc", all, narrow, other, later, renewed, wrong, broken, garbage, "git " + dir, "/none/such",
		other + ";" + all, all + ";" + wrong, wrong + " ; " + all, "netrc;" + all, all + ";netrc", wrong + ";" + narrow, "netrc; git " + dir,
		"'" + all + "' \"two words\" three", later + ";" + wrong, "'" + all, all + "; '" + wrong,
		// and what is refused
		"off;netrc", ";", "git", "git relative", "git /none/such",
	} {
		run := func(ask func()) (heard, called string, leaked bool) {
			require.NoError(t, os.RemoveAll(calls))
			ask()
			data, _ := os.ReadFile(calls)
			leak := []byte("LOAD_TOKEN_COMPANY=of another\n")
			leaked = bytes.Contains(data, leak)
			data = bytes.ReplaceAll(data, leak, nil)
			var kept []string
			for line := range strings.Lines(string(data)) {
				if !strings.HasPrefix(line, "Date: ") {
					kept = append(kept, strings.TrimRight(line, "\n"))
				}
			}
			return server.heard(), strings.Join(kept, "\n"), leaked
		}
		wantHeard, wantCalled, _ := run(func() {
			cmd := exec.Command("go", "mod", "download", "example.com/a@v1.0.0")
			cmd.Dir = t.TempDir()
			cmd.Env = append(os.Environ(), "GOAUTH="+setting, "GOPROXY="+server.URL, "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOMODCACHE="+t.TempDir(), "GOPRIVATE=", "GONOPROXY=")
			_ = cmd.Run() // it does not get the module
		})
		refused := false
		heard, called, leaked := run(func() {
			c := &Credentials{GoAuth: func() (string, string) { return setting, netrc }}
			if c.auth.init(c) != nil {
				refused = true
				return
			}
			server.get(t, c)
		})
		if refused {
			assert.Emptyf(t, wantHeard, "GOAUTH=%s is refused, and the go command takes it", setting)
			continue
		}
		// Where the ways tell nothing new, the go command asks once more in vain.
		if last, again, ok := strings.Cut(wantHeard, " | "); ok && last == again {
			wantHeard = last
		}
		assert.Equalf(t, wantHeard, heard, "GOAUTH=%s: the server heard\n\t%q, and from the go command", setting, heard)
		proven = proven || strings.HasSuffix(heard, right) && called != ""
		assert.Falsef(t, leaked, "GOAUTH=%s: a program got the token of a registry", setting)
		assert.Equalf(t, headers(wantCalled), headers(called), "GOAUTH=%s: programs were called\n%s\nand by the go command", setting, called)
	}
	assert.True(t, proven, "no program's answer reached the server")
}

// headers counts the lines of recorded calls: the order of headers is random.
func headers(text string) string {
	lines := strings.Split(text, "\n")
	counts := map[string]int{}
	for _, line := range lines {
		if line != "" {
			counts[line]++
		}
	}
	return fmt.Sprint(counts)
}

// TestPlaces: a refusal tells how the programs fared, without their arguments.
func TestPlaces(t *testing.T) {
	t.Setenv("LOAD_TOKEN_PLACES", "secret")
	for setting, want := range map[string]string{
		"":                         "the netrc file",
		"off":                      "GOAUTH (off)",
		"/none/such secret; netrc": "GOAUTH's such (no such file or directory) or the netrc file",
		"'/none/such":              "GOAUTH's command (a quote is not closed)",
		"git relative":             "GOAUTH (which cannot be used)",
		"sh -c 'exit 3' secret":    "GOAUTH's sh (exit status 3)",
		"echo secret":              "GOAUTH's echo (its answer has no blank line after the URLs)",
	} {
		if runtime.GOOS == "windows" && setting != "" && setting != "off" {
			continue
		}
		c := &Credentials{GoAuth: func() (string, string) { return setting, "" }}
		u := &url.URL{Scheme: "https", Host: "a.test"}
		_, _ = c.auth.first(t.Context(), c, u)
		got := c.Places(Access{URL: u})
		assert.Equal(t, want, got, setting)
		c.Callback = func(context.Context, *url.URL) (http.Header, error) { return nil, nil }
		u = &url.URL{Scheme: "http", Host: "a.test"}
		assert.Equal(t, "Config.Credentials or LOAD_TOKEN_PLACES (set)", c.Places(Access{URL: u, Variable: "LOAD_TOKEN_PLACES", Insecure: true}))
	}
}

func TestAuthResponse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "map[]",
		"https://a.test\nhttps://b.test/x/\n\nAuthorization: Basic x\nX-Y: 1\nX-Y: 2\n\n": "map[a.test:map[Authorization:[Basic x] X-Y:[1 2]] b.test/x/:map[Authorization:[Basic x] X-Y:[1 2]]]",
		"https://a.test\n\nA: 1\n\nhttps://b.test\n\n\n":                                  "map[a.test:map[A:[1]] b.test:map[]]",
		"https://a.test\n\nA: secret\n":                                                   "its answer has no blank line after the headers",
		"https://a.test":                                                                  "its answer has no blank line after the URLs",
		"https://a.test\n\nA secret\n\n":                                                  "its answer has a line that is no header",
		"https://a.test\n\nA B: secret\n\n":                                               "its answer has a line that is no header",
		"https://a.test\n\nA: sec\x00ret\n\n":                                             "its answer has a line that is no header",
		"secret\n\nA: x\n\n":                                                              "its answer has a line that is no URL",
	} {
		told, err := parseAuthResponse(text)
		got := fmt.Sprint(told)
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, want, got, text)
	}
}

func FuzzAuthResponse(f *testing.F) {
	f.Add("https://a.test\nhttps://b.test/x/\n\nAuthorization: Basic x\nX-Y: 1\n\n")
	f.Add("https://a.test\n\n\n\nhttps://b.test\n\nA: \tb\n\n")
	f.Fuzz(func(t *testing.T, data string) {
		told, err := parseAuthResponse(data)
		assert.Falsef(t, err != nil && (told != nil || len(data) > 200 && strings.Contains(err.Error(), data)), "%v, %v", told, err)
		for prefix, header := range told {
			for name, values := range header {
				r := &http.Request{Header: http.Header{name: values}}
				var b strings.Builder
				err := r.Header.Write(&b)
				assert.NoErrorf(t, err, "%v %v", prefix, header)
				assert.Equalf(t, len(values), strings.Count(b.String(), "\n"), "%v %v", prefix, header)
			}
		}
	})
}

func FuzzGoAuth(f *testing.F) {
	f.Add("netrc; git /; 'a b' \"c\" d")
	f.Fuzz(func(t *testing.T, value string) {
		ways, err := parseGoAuth(value)
		for _, w := range ways {
			assert.Falsef(t, w.kind == "command" && w.err == nil && (len(w.argv) == 0 || err != nil), "%q: %+v, %v", value, w, err)
		}
	})
}
