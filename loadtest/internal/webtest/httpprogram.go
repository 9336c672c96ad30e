package webtest

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/testdata/web"
)

// program is a middleware and the handler that it calls, in the language of web.Steps.
type program struct {
	kind     string
	recovers bool
	steps    []string // of web.Program
	next     string
}

type makeProgram = func(kind string, recovers bool, steps []string, next http.Handler) (http.Handler, error)

// stage is a server for one handler after the other. To close a server for each would close the
// idle connections of every other test, too.
type stage struct {
	url     string
	handler atomic.Value // http.HandlerFunc
}

func newStage(t testing.TB) *stage {
	s := &stage{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.Load().(http.HandlerFunc)(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// outcome is what a client sees of it.
func (p program) outcome(t testing.TB, s *stage, create makeProgram) string {
	h, err := create(p.kind, p.recovers, p.steps, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.Steps(p.next, w, nil)
	}))
	require.NoError(t, err)
	s.handler.Store(http.HandlerFunc(h.ServeHTTP))
	var seen strings.Builder
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		fmt.Fprintln(&seen, status, header)
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", s.url, nil)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return seen.String() + "broken off"
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	response.Header.Del("Date")
	fmt.Fprintln(&seen, response.StatusCode, response.Header, response.ContentLength, response.TransferEncoding, response.Trailer, err == nil)
	for run := body; len(run) > 0; { // in short
		n := len(run) - len(strings.TrimLeft(string(run), string(run[:1])))
		fmt.Fprintf(&seen, "%s%d ", run[:1], n)
		run = run[n:]
	}
	return seen.String()
}

// natively makes the middleware without a module.
func natively(kind string, recovers bool, steps []string, next http.Handler) (http.Handler, error) {
	return web.Program(kind, recovers, steps, next), nil
}

// choices decide what a program is.
type choices []byte

func (c *choices) pick(n int) int {
	if len(*c) == 0 {
		return 0
	}
	first := (*c)[0]
	*c = (*c)[1:]
	return int(first) % n
}

func (c *choices) of(list ...string) string { return list[c.pick(len(list))] }

func (c *choices) steps(most int, around string) string {
	names := []string{"X-A", "X-B", "Content-Length", "Content-Type", "X-T", "Trailer:X-T", http.TrailerPrefix + "X-P", "X-Sec"}
	var steps []string
	for range c.pick(most + 1) {
		name := names[c.pick(len(names))]
		value := c.of("1", "2", "40", "text/plain")
		if trailer, ok := strings.CutPrefix(name, "Trailer:"); ok {
			name, value = "Trailer", trailer
		}
		switch c.pick(16) {
		case 0, 1, 2:
			steps = append(steps, "h:"+name+"="+value)
		case 3:
			steps = append(steps, "a:"+name+"="+value)
		case 4:
			steps = append(steps, "d:"+name)
		case 5, 6:
			steps = append(steps, "w:"+c.of("200", "201", "204", "304", "404", "500"))
		case 7:
			steps = append(steps, "w:103")
		case 8, 9:
			steps = append(steps, "b:"+c.of("0", "3", "40", "1500", "2049", "33000", "70000"))
		case 10:
			steps = append(steps, "s:"+c.of("5", "3000"))
		case 11:
			steps = append(steps, "i:"+c.of("7", "50000"))
		case 12:
			steps = append(steps, c.of("f", "c"))
		case 13:
			steps = append(steps, "o")
		case 14:
			steps = append(steps, c.of("p", "P", "r", "o"))
		case 15:
			steps = append(steps, around)
		}
	}
	return strings.Join(steps, " ")
}

// program chooses one.
func (c *choices) program() program {
	p := program{kind: c.of("none", "plain", "flush", "unwrap", "strings", "readerfrom", "buffer"), recovers: c.pick(3) == 0}
	p.next = c.steps(8, "o")
	p.steps = []string{c.steps(3, "o") + " x " + c.steps(3, "o"), "x", "x", "x"}
	for i := 1; i < len(p.steps); i++ {
		if c.pick(2) == 0 {
			p.steps[i] = c.steps(2, "x") + " x " + c.steps(1, "o")
		}
	}
	return p
}

// known are programs that once had another outcome.
var known = []program{
	{kind: "buffer", next: "h:Content-Length=3000 w:200 b:3000"},
	{kind: "buffer", next: "h:Content-Length=33000 w:200 b:33000"},
	{kind: "buffer", next: "h:Content-Length=70000 w:200 b:70000 o"},
	{kind: "buffer", next: "h:Link=a w:103 h:Content-Length=3 w:200 b:3"},
	{kind: "buffer", next: "h:Content-Length=6 b:3 f b:3 o"},
	{kind: "plain", steps: []string{"x", "h:X-Sec=1 d:Content-Length x", "x b:2", "x"}, next: "h:Content-Length=3 w:200 o b:3 o h:X-A=1 o"},
	{kind: "none", recovers: true, next: "h:X-A=1 p"},
	{kind: "plain", recovers: true, next: "h:X-A=1 p"},
	{kind: "plain", recovers: true, next: "h:X-A=1 P"},
	{kind: "none", next: "b:3000 P"},
	{kind: "none", steps: []string{"s:3000 P", "x", "x", "x"}},
	{kind: "buffer", next: "b:3 f o c o"},
	{kind: "plain", next: "b:1500 b:1500 p"},
	{kind: "plain", recovers: true, steps: []string{"x", "x", "h:X-B=1 p", "x"}, next: "h:X-A=1 b:3"},
	{kind: "none", steps: []string{"b:1500 b:1500 p", "x", "x", "x"}},
	{kind: "none", steps: []string{"w:204 b:3 h:X-A=1 o x", "x", "x", "x"}, next: "b:3 o"},
	{kind: "none", steps: []string{"h:Content-Length=3 b:5 b:3 o", "x", "x", "x"}},
	{kind: "unwrap", steps: []string{"b:10 x", "x", "x", "x"}, next: "b:5 c b:5 o"},
	{kind: "unwrap", next: "h:Trailer=X-T h:X-A=1 b:5 c h:X-T=2"},
	{kind: "flush", steps: []string{"x", "x", "x", "h:X-B=1 x h:X-T=1"}, next: "h:Trailer=X-T b:5 f f b:3 o"},
	{kind: "strings", next: "s:5 b:3 s:5"},
	{kind: "readerfrom", next: "i:50000 o"},
}

func (s suite) testMiddlewarePrograms(t *testing.T) {
	create := gosuite.Bound[makeProgram](t, s.Testdata(t, "web", 0), "Program")
	on := newStage(t)
	for _, p := range known {
		if p.steps == nil {
			p.steps = []string{"x", "x", "x", "x"}
		}
		assert.Equal(t, p.outcome(t, on, natively), p.outcome(t, on, create), "%+v", p)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		c := choices(data)
		p := c.program()
		assert.Equal(t, p.outcome(t, on, natively), p.outcome(t, on, create), "%+v", p)
	}
}
