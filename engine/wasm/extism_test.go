package wasm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlugin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{Values: map[string]string{"greeting": "hello"}})
	m := w.load(t, "plugin.wasm")
	count, err := load.Func[func(context.Context, string) (int, error)](m, "count_vowels")
	require.NoError(t, err)
	n, err := count(t.Context(), "Yellow, World!")
	require.NoError(t, err)
	assert.Equal(t, 3, n)

	text := func(symbol, input string) string {
		out, err := m.Call(t.Context(), symbol, input)
		require.NoError(t, err, symbol)
		return out[0].(string)
	}
	for _, input := range []string{"", "a", "1234567", "12345678", "123456789", strings.Repeat("long", 300_000), "\xff\x00"} {
		assert.Equal(t, input, text("echo", input))
	}
	assert.Empty(t, text("silent", "x"), "an output that was never set is empty")
	assert.Equal(t, "hello", text("config", "greeting"))
	assert.Empty(t, text("config", "other"))
	assert.Equal(t, "1", text("visits", "x"))
	assert.Equal(t, "2", text("visits", "x"), "variables stay between calls")
	assert.Equal(t, "1", text("visits", "y"))
	assert.Equal(t, "7", text("again", "a"), "a block freed twice is not that of another")
	text("forget", "x")
	assert.Equal(t, "1", text("visits", "x"))
	text("log", "careful")
	assert.Contains(t, w.seen("log"), "warn: careful")
	text("twice", "")
	assert.Equal(t, "same", func() string {
		out, err := w.load(t, "old.wasm").Call(t.Context(), "same", "same")
		require.NoError(t, err)
		return out[0].(string)
	}())
}

// TestPluginTypes: bytes and strings cross as they are, everything else as JSON.
func TestPluginTypes(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "plugin.wasm")
	type order struct {
		Name  string   `json:"name"`
		Items []int    `json:"items"`
		Price *float64 `json:"price"`
	}
	price := 1.5
	same, err := load.Func[func(order) (order, error)](m, "echo")
	require.NoError(t, err)
	back, err := same(order{"a", []int{1, 2}, &price})
	require.NoError(t, err)
	assert.Equal(t, order{"a", []int{1, 2}, &price}, back)

	raw, err := load.Func[func(order) ([]byte, error)](m, "echo")
	require.NoError(t, err)
	data, err := raw(order{Name: "a"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"a","items":null,"price":null}`, string(data))

	dict, err := load.Func[func(json.RawMessage) (map[string]any, error)](m, "echo")
	require.NoError(t, err)
	values, err := dict([]byte(`{"a":[true,null]}`))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"a": []any{true, nil}}, values)
	_, err = dict([]byte(`{`))
	assert.ErrorContains(t, err, "the output of echo is not a map[string]interface {}")

	out, err := m.Call(t.Context(), "echo", map[string]int{"a": 1})
	require.NoError(t, err)
	assert.Equal(t, []any{`{"a":1}`}, out)
	nothing, err := load.Func[func() error](m, "silent")
	require.NoError(t, err)
	require.NoError(t, nothing())
}

// TestPluginErrors: a status other than 0 is an error, with the text that the plugin set, and the
// instance goes on.
func TestPluginErrors(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{Memory: 5 << 20}).load(t, "plugin.wasm")
	_, err := m.Call(t.Context(), "fail", "no such order")
	var failed *wasm.PluginError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, wasm.PluginError{Module: m.Name(), Symbol: "fail", Code: 3, Message: "no such order"}, *failed)
	_, err = m.Call(t.Context(), "mute")
	require.ErrorAs(t, err, &failed)
	assert.ErrorContains(t, err, "mute returned 4 and no message")
	_, err = m.Call(t.Context(), "fill")
	require.ErrorAs(t, err, &failed)
	assert.EqualValues(t, 7, failed.Code, "a memory that is full gives no block")
	_, err = m.Call(t.Context(), "warn", "set with the status 0")
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, wasm.PluginError{Module: m.Name(), Symbol: "warn", Message: "set with the status 0"}, *failed)
	_, err = m.Call(t.Context(), "mend", "x")
	require.NoError(t, err, "the error was taken back")
	_, err = m.Call(t.Context(), "owned")
	require.NoError(t, err, "who is given a block frees it")
	_, err = m.Call(t.Context(), "panic", "the reason")
	var panicked *wasm.TrapError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "the reason", panicked.Message)
	assert.ErrorContains(t, err, "panic trapped: unreachable\n\tthe reason")
	for symbol, reason := range map[string]string{
		"read":  "out of bounds memory access",
		"write": "out of bounds memory access",
		"null":  "out of bounds memory access",
		"show":  "output_set: 18446744073709551615 bytes at 16 are not in the plugin's memory",
		"hoard": "var_set: the variables of a plugin take at most",
		"get":   "http_request: the request is not what Extism's is",
	} {
		_, err := m.Call(t.Context(), symbol, "x")
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap, symbol)
		assert.Contains(t, trap.Reason, reason)
		out, err := m.Call(t.Context(), "echo", "alive")
		require.NoError(t, err)
		assert.Equal(t, []any{"alive"}, out)
	}
}

// TestHTTP: a plugin asks the hosts that it was granted, on redirects too.
func TestHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		case "/missing":
			http.NotFound(w, r)
		default:
			fmt.Fprint(w, r.Method, " ", r.Header.Get("X-Own"))
		}
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	ask := func(path string) string {
		text, err := json.Marshal(map[string]any{"url": server.URL + path, "method": "PUT", "headers": map[string]string{"X-Own": "mine"}})
		require.NoError(t, err)
		return string(text)
	}
	w := newWorld(t, wasm.Config{})
	_, err = w.load(t, "plugin.wasm").Call(t.Context(), "get", ask("/"))
	assert.ErrorContains(t, err, "HTTP request to '"+server.URL+"/' is not allowed")
	refused := loadtest.EventsOf[event.Refused](&w.events)
	require.Len(t, refused, 1)
	assert.Equal(t, "send an HTTP request to "+at.Host, refused[0].What)

	m := newWorld(t, wasm.Config{Hosts: []string{at.Hostname()}}).load(t, "plugin.wasm")
	out, err := m.Call(t.Context(), "get", ask("/"))
	require.NoError(t, err)
	assert.Equal(t, []any{"PUT mine"}, out)
	_, err = m.Call(t.Context(), "get", ask("/missing"))
	var failed *wasm.PluginError
	require.ErrorAs(t, err, &failed)
	assert.EqualValues(t, 204, failed.Code, "the status is 404")
	_, err = m.Call(t.Context(), "get", ask("/away"))
	assert.ErrorContains(t, err, "HTTP request to 'http://elsewhere.invalid/' is not allowed")
	// The zone of an address is any text, and most of them are taken for none.
	m = newWorld(t, wasm.Config{Hosts: []string{"*.example.com"}}).load(t, "plugin.wasm")
	for _, host := range []string{"[::1%25.example.com]", "[::ffff:127.0.0.1%25.example.com]", "[fe80::1%25a.example.com]"} {
		_, err = m.Call(t.Context(), "get", fmt.Sprintf(`{"url":"http://%s:%s/"}`, host, at.Port()))
		assert.ErrorContains(t, err, "is not allowed", host)
	}
	_, err = m.Call(t.Context(), "get", `{"url":"file:///etc/hosts"}`)
	assert.ErrorContains(t, err, "is not allowed")
	_, err = m.Call(t.Context(), "get", `{"headers":{"":""`+strings.Repeat(`,"":""`, 200_000)+`}}`)
	assert.ErrorContains(t, err, "http_request: the request has 1200019 bytes beside its body, more than 1048576")
}

// TestMaxOutput: what takes many times its size of the host's memory is bounded; bytes are not.
func TestMaxOutput(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{MaxOutput: 100}).load(t, "plugin.wasm")
	echo, err := load.Func[func(string) (any, error)](m, "echo")
	require.NoError(t, err)
	list := func(n int) string { return "[" + strings.Repeat("[],", n) + "[]]" }
	_, err = echo(list(32))
	require.NoError(t, err, "of 100 bytes")
	_, err = echo(list(33))
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
	assert.ErrorContains(t, err, "the output of echo is not a interface {}: it has 103 bytes, and 100 are decoded")
	structs, err := load.Func[func(string) ([]struct{ V [1000]int }, error)](m, "echo")
	require.NoError(t, err)
	_, err = structs(list(33))
	require.ErrorAs(t, err, &limit)
	raw, err := load.Func[func(string) ([]byte, error)](m, "echo")
	require.NoError(t, err)
	got, err := raw(list(1000))
	require.NoError(t, err)
	assert.Len(t, got, len(list(1000)))
}

func TestCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	m := w.load(t, "command.wasm")
	out, err := m.Call(t.Context(), "main", strings.NewReader("hello"))
	require.NoError(t, err)
	assert.Equal(t, []any{"hello"}, out)
	_, err = m.Call(t.Context(), "main", "one", "two")
	var exit *wasm.ExitError
	require.ErrorAs(t, err, &exit)
	assert.EqualValues(t, 2, exit.Code)
	assert.Equal(t, "done", strings.TrimSpace(exit.Stderr))

	program, err := load.Func[func(io.Reader) (string, error)](m, "main")
	require.NoError(t, err)
	text, err := program(strings.NewReader("typed"))
	require.NoError(t, err)
	assert.Equal(t, "typed", text)
	assert.Contains(t, w.seen("stderr"), "done")
}

func TestCommandStreams(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{MaxOutput: 1000}).load(t, "command.wasm")
	copies, err := load.Func[func(context.Context, io.Reader, io.Writer, ...string) error](m, "main")
	require.NoError(t, err)
	var printed bytes.Buffer
	text := strings.Repeat("much ", 10_000)
	require.NoError(t, copies(t.Context(), strings.NewReader(text), &printed))
	assert.Equal(t, text, printed.String())
	var exit *wasm.ExitError
	require.ErrorAs(t, copies(t.Context(), strings.NewReader(""), &printed, "a"), &exit)
	assert.EqualValues(t, 1, exit.Code)
	_, err = m.Call(t.Context(), "main", strings.NewReader(text))
	assert.ErrorContains(t, err, "it printed more than 1000 bytes")
}

type packed struct {
	Name  string `msgpack:"name"`
	Count int    `msgpack:"count"`
}

// TestMessagePack: structs with the tag msgpack cross as MessagePack.
func TestMessagePack(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "plugin.wasm")
	echo, err := load.Func[func(context.Context, packed) (*packed, error)](m, "echo")
	require.NoError(t, err)
	got, err := echo(t.Context(), packed{"a", 2})
	require.NoError(t, err)
	assert.Equal(t, &packed{"a", 2}, got)
	out, err := m.Call(t.Context(), "echo", []packed{{"a", 2}})
	require.NoError(t, err)
	assert.Equal(t, []any{"\x91\x82\xa4name\xa1a\xa5count\x02"}, out)
	read, err := load.Func[func(string) (packed, error)](m, "echo")
	require.NoError(t, err)
	_, err = read("\x82\xa4name")
	assert.ErrorContains(t, err, "the output of echo is not a wasm_test.packed: it is cut off")
}

// TestOneBlock: the name and the value of a variable may be one block.
func TestOneBlock(t *testing.T) {
	t.Parallel()
	out, err := newWorld(t, wasm.Config{}).load(t, "oneblock.wasm").Call(t.Context(), "keep")
	require.NoError(t, err)
	assert.Equal(t, []any{"there th"}, out)
}

// TestPluginOfNothing: a program that exports functions as plugins have is a plugin, too, also where
// it calls nothing of the host.
func TestPluginOfNothing(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "noop.wasm")
	out, err := m.Call(t.Context(), "run_test", "some input")
	require.NoError(t, err)
	assert.Equal(t, []any{""}, out)
	_, err = m.Call(t.Context(), "fail")
	var failed *wasm.PluginError
	require.ErrorAs(t, err, &failed)
	assert.EqualValues(t, 2, failed.Code)
	_, err = m.Call(t.Context(), "exit")
	var exit *wasm.ExitError
	require.ErrorAs(t, err, &exit)
	assert.EqualValues(t, 3, exit.Code)
	main, err := load.Func[func(context.Context, ...string) (string, error)](m, "main")
	require.NoError(t, err)
	printed, err := main(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hi\n", printed)
}
