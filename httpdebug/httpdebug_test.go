package httpdebug_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/httpdebug"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

const hostile = `"><script>alert('1')</script>&{{.}}`

// world finds modules of any name and runs them; "broken" does not open.
type world struct{}

func (world) Find(_ context.Context, name find.Name) (*load.Spec, error) {
	spec := &load.Spec{Name: name.Target, Origin: "world", Source: find.Source{Kind: "fake", Hash: "fake:" + name.Target}}
	switch name.Target {
	case "hostile":
		spec.Name, spec.Version, spec.Module, spec.Why, spec.Deprecated = hostile, hostile, hostile, hostile, hostile
		spec.BuildList = []find.ModuleVersion{{Path: hostile, Version: hostile, Sum: hostile}}
	case "plain", "broken":
	default:
		return nil, load.ErrNotFound
	}
	return spec, nil
}

func (world) Name() string { return "fake" }

func (world) Accepts(src find.Source) bool { return src.Kind == "fake" }

func (world) CanGrant(engine.Grants) error { return nil }

func (world) Open(_ context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	if a.Spec.Name == "broken" {
		return nil, errors.New(hostile)
	}
	a.Events.Emit(event.Output{Name: a.Spec.Name, Stream: "stdout", Line: hostile})
	return instance{}, nil
}

type instance struct{}

func (instance) Symbols() []engine.Symbol {
	return []engine.Symbol{{Name: "F", Kind: engine.KindFunc, Signature: "func F() " + hostile, Doc: hostile, Limit: hostile, Methods: []engine.Symbol{{Signature: hostile}}}}
}

func (instance) Bind(string, reflect.Type) (reflect.Value, error) {
	return reflect.Value{}, errors.New("it binds nothing")
}

func (instance) Call(context.Context, string, []any) ([]any, error) { return nil, nil }

func (instance) Close(context.Context) error { return nil }

type site struct {
	*httptest.Server
	loader *load.Loader
}

// serve runs a loader with the modules "hostile" and "plain", and its pages.
func serve(t *testing.T, options httpdebug.Options) site {
	t.Helper()
	recorder := httpdebug.NewRecorder(50)
	given, err := policy.Parse("test.policy", []byte("load.policy 1\ngrant plain network\ngrant plain env TOKEN=secret\n"))
	require.NoError(t, err)
	l, err := load.New(load.Config{
		Path: find.Path{world{}}, Engines: []engine.Engine{world{}}, Events: recorder.Sink(), Policies: []*policy.Policy{given},
		Limits: func(*load.Spec) load.Limits { return load.Limits{Memory: 64 << 20, CallTime: 3 * time.Second} },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	for _, name := range []string{"hostile", "plain"} {
		_, err := l.Load(t.Context(), name)
		require.NoError(t, err)
	}
	_, err = l.Load(t.Context(), "broken")
	require.Error(t, err)
	options.Recorder = recorder
	mux := http.NewServeMux()
	mux.Handle("/debug/load/", httpdebug.Handler(l, options))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return site{server, l}
}

// do asks for a path under the prefix and returns the answer with its body.
func (s site) do(t *testing.T, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/debug/load/"+path, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var body strings.Builder
	_, err = bufio.NewReader(response.Body).WriteTo(&body)
	require.NoError(t, err)
	return response, body.String()
}

// TestRebound: a page of another site whose name leads to this machine reads nothing and changes
// nothing, although to a browser it is of the same origin.
func TestRebound(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Control: true, Hosts: []string{"debug.example.com"}})
	ask := func(method, host, path string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/debug/load/"+path, nil)
		require.NoError(t, err)
		request.Host = host
		request.Header.Set("Origin", "http://"+host)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		return response.StatusCode
	}
	for _, host := range []string{"evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "debug.example.com.evil.example"} {
		for _, path := range []string{"", "live", "events", "style.css"} {
			assert.Equal(t, http.StatusMisdirectedRequest, ask("GET", host, path), host+" "+path)
		}
		assert.Equal(t, http.StatusMisdirectedRequest, ask("POST", host, "reload?name=plain&format=json"), host)
	}
	for _, host := range []string{"localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:8080", "load.localhost", "debug.example.com", "Debug.Example.com:443"} {
		assert.Equal(t, http.StatusOK, ask("GET", host, ""), host)
		assert.Equal(t, http.StatusOK, ask("POST", host, "reload?name=plain&format=json"), host)
	}
}

// TestHostileNames: nothing that a module is called, says or exports becomes part of a page.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Control: true, Store: loadtest.OpenStore(t)})
	for _, path := range []string{"", "graph", "loads", "events", "store", "module?name=" + url.QueryEscape(hostile+"@"+hostile), "module?name=" + url.QueryEscape("<b>"+hostile)} {
		response, body := s.do(t, "GET", path)
		assert.NotContains(t, body, "<script>alert", path)
		assert.NotContains(t, body, "<b>", path)
		assert.Equal(t, 1, strings.Count(body, "<script"), path)
		assert.Equal(t, path == "graph", strings.Contains(body, "<desc id="), path)
		if path != "store" {
			assert.Contains(t, body, "&lt;script&gt;alert", path)
		}
		policy := response.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"), path)
	}
}

// TestNothingFromElsewhere: pages use no style attributes, inline scripts or other hosts, which
// their policy would refuse.
func TestNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Control: true, Store: loadtest.OpenStore(t)})
	for _, path := range []string{"", "graph", "loads", "events", "store", "module?name=plain", "style.css", "live.js"} {
		response, body := s.do(t, "GET", path)
		assert.Equal(t, http.StatusOK, response.StatusCode, path)
		for _, refused := range []string{"://", ` style="`, "<style", " onclick=", "javascript:", "innerHTML"} {
			assert.NotContains(t, body, refused, path)
		}
	}
}

// TestEventsOfModule: a module's page has the events about it, and not those about others.
func TestEventsOfModule(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{})
	_, body := s.do(t, "GET", "module?name=plain")
	assert.Contains(t, body, "<h2>Events</h2>")
	assert.Contains(t, body, " loaded plain ")
	assert.NotContains(t, body, "broken")
	var page struct {
		Events []struct{ Event string }
	}
	_, body = s.do(t, "GET", "module?name=plain&format=json")
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	var kinds []string
	for _, e := range page.Events {
		kinds = append(kinds, e.Event)
	}
	assert.Equal(t, []string{"loaded", "opened", "output", "found"}, kinds)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Store: loadtest.OpenStore(t)})
	for path, want := range map[string]string{
		"":                  `"modules": [`,
		"graph":             `"imports": []`,
		"loads":             `"what": "open"`,
		"events":            `"event": "failed"`,
		"store":             `"artifacts": 0`,
		"module?name=plain": `"call_time": 3`,
	} {
		response, body := s.do(t, "GET", path, "Accept", "application/json")
		assert.Equal(t, "application/json", response.Header.Get("Content-Type"), path)
		assert.True(t, json.Valid([]byte(body)), path)
		assert.Contains(t, body, want, path)
		joint := "?"
		if strings.Contains(path, "?") {
			joint = "&"
		}
		response, _ = s.do(t, "GET", path+joint+"format=json")
		assert.Equal(t, "application/json", response.Header.Get("Content-Type"), path)
		response, _ = s.do(t, "GET", path, "Accept", "text/html,application/json")
		assert.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"), path)
	}

	_, body := s.do(t, "GET", "?format=json")
	var overview struct {
		Modules []struct{ Module, Engine, Isolation string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &overview))
	require.Len(t, overview.Modules, 2)
	assert.Equal(t, hostile+"@"+hostile, overview.Modules[0].Module)
	assert.Equal(t, "fake", overview.Modules[1].Engine)
	assert.Equal(t, "none", overview.Modules[1].Isolation)

	response, body := s.do(t, "GET", "module?name=absent&format=json")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.JSONEq(t, `{"error": "absent is not loaded"}`, body)
}

// TestGiven: a module's page tells what it was given, of variables the names only.
func TestGiven(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{})
	_, text := s.do(t, "GET", "module?name=plain&format=json")
	var page struct {
		Grants    struct{ Network, Programs bool }
		Variables []string
		Limits    struct{ Memory int64 }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &page))
	assert.True(t, page.Grants.Network)
	assert.False(t, page.Grants.Programs)
	assert.Equal(t, []string{"TOKEN"}, page.Variables)
	assert.Equal(t, int64(64<<20), page.Limits.Memory)
	_, body := s.do(t, "GET", "module?name=plain")
	assert.Contains(t, body, "<dt>Network</dt><dd>yes</dd>")
	assert.Contains(t, body, "<code>TOKEN</code>")
	assert.NotContains(t, text+body, "secret")
	_, body = s.do(t, "GET", "module?name="+url.QueryEscape(hostile+"@"+hostile))
	assert.Contains(t, body, "<dt>Network</dt><dd>no grant</dd>")
}

// TestLoads: a load has its own steps, and one that failed says why.
func TestLoads(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{})
	_, body := s.do(t, "GET", "loads?format=json")
	var loads []struct {
		Name, Module, Error string
		Steps               []struct{ What string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &loads))
	require.Len(t, loads, 3)
	assert.Equal(t, "broken", loads[0].Name)
	assert.Contains(t, loads[0].Error, "alert")
	assert.Equal(t, "plain", loads[1].Module)
	assert.Equal(t, hostile+"@"+hostile, loads[2].Module)
	for _, l := range loads[1:] {
		var steps []string
		for _, step := range l.Steps {
			steps = append(steps, step.What)
		}
		assert.Equal(t, []string{"find", "open"}, steps, l.Name)
	}
}

// TestRecorderKeeps: the last events are kept, no more than so many, and other sinks get all.
func TestRecorderKeeps(t *testing.T) {
	t.Parallel()
	recorder := httpdebug.NewRecorder(3)
	count := 0
	sink := recorder.Sink(nil, func(event.Event) { count++ })
	for i := range 10 {
		sink(event.Output{Name: "m", Stream: "stdout", Line: strings.Repeat("é", 4000) + string(rune('0'+i))})
	}
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	response := httptest.NewRecorder()
	httpdebug.Handler(l, httpdebug.Options{Recorder: recorder}).ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "GET", "/debug/load/events?format=json", nil))
	var events []struct {
		Number int
		Text   string
	}
	require.NoError(t, json.Unmarshal(response.Body.Bytes(), &events))
	require.Len(t, events, 3)
	assert.Equal(t, 10, events[0].Number)
	assert.Less(t, len(events[0].Text), 4200)
	assert.NotContains(t, events[0].Text, "\uFFFD")
	assert.Equal(t, 10, count)
}

// TestMethods: what changes something is a POST, and only where the host allows it.
func TestMethods(t *testing.T) {
	t.Parallel()
	closed := serve(t, httpdebug.Options{Store: loadtest.OpenStore(t)})
	open := serve(t, httpdebug.Options{Store: loadtest.OpenStore(t), Control: true})
	for _, path := range []string{"unload?name=plain", "reload?name=plain", "gc"} {
		response, _ := closed.do(t, "POST", path)
		assert.Equal(t, http.StatusNotFound, response.StatusCode, path)
		response, _ = open.do(t, "GET", path)
		assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, path)
	}
	for _, path := range []string{"graph", "live", "module?name=plain"} {
		response, _ := open.do(t, "POST", path)
		assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, path)
	}
	_, body := closed.do(t, "GET", "module?name=plain")
	assert.NotContains(t, body, "<form")
	_, body = open.do(t, "GET", "module?name=plain")
	assert.Contains(t, body, "<form")
}

// TestCrossSite: another site's page can neither change anything nor learn that it did.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Control: true, Store: loadtest.OpenStore(t)})
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://elsewhere.example"},
		{"Origin", "null"},
	} {
		for _, path := range []string{"unload?name=plain", "reload?name=plain", "gc"} {
			response, _ := s.do(t, "POST", path, header...)
			assert.Equal(t, http.StatusForbidden, response.StatusCode, "%s %v", path, header)
		}
	}
	assert.Len(t, s.loader.Info().Modules, 2)
}

func TestControl(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{Control: true, Store: loadtest.OpenStore(t)})
	response, _ := s.do(t, "POST", "reload?name=plain", "Sec-Fetch-Site", "same-origin")
	assert.Equal(t, http.StatusSeeOther, response.StatusCode)
	assert.Equal(t, "/debug/load/", response.Header.Get("Location"))
	response, body := s.do(t, "POST", "reload?name=plain&format=json", "Origin", s.URL)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"name": "plain", "version": ""}`, body)
	response, body = s.do(t, "POST", "unload?name=plain&format=json")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, `"name": "plain"`)
	response, body = s.do(t, "POST", "unload?name=plain")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Contains(t, body, "not loaded")
	response, body = s.do(t, "POST", "gc")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, "Nothing was unused.")
	response, body = s.do(t, "POST", "gc?format=json")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"removed": []}`, body)
	assert.Len(t, s.loader.Info().Modules, 1)
}

// TestLive: what runs comes at once, and events as they happen, each once where a browser asks
// again.
func TestLive(t *testing.T) {
	t.Parallel()
	s := serve(t, httpdebug.Options{})
	next := s.listen(t)
	assert.Equal(t, "event: modules", next())
	assert.Contains(t, next(), `"module":"plain"`)
	_, err := s.loader.Unload(t.Context(), "plain")
	require.NoError(t, err)
	line := next()
	for !strings.HasPrefix(line, "id: ") {
		line = next()
	}
	assert.Contains(t, next(), `"text":"unloaded plain"`)

	again := s.listen(t, "Last-Event-ID", "0")
	line = again()
	for !strings.HasPrefix(line, "id: ") {
		line = again()
	}
	assert.Equal(t, "id: 1", line)
	assert.Contains(t, again(), "found hostile")
	assert.Equal(t, "id: 2", again())

	_, body := s.do(t, "GET", "events")
	assert.Contains(t, body, `<ol id="events" class="steps" data-last="`)
}

// listen returns a function for the next line, other than empty ones, of a stream.
func (s site) listen(t *testing.T, header ...string) func() string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/debug/load/live", nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	return func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		require.FailNow(t, "the stream ended", "%v", lines.Err())
		return ""
	}
}
