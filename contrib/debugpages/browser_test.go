package debugpages_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/httpdebug"
	"github.com/loadgo/load/store"
)

// start starts a browser, or says that there is none.
func start(t *testing.T) (context.Context, bool) {
	t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "chromium"))
	if err != nil {
		t.Log("no browser, nothing is tried: install chromium, or name one in CHROMIUM")
		return nil, false
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(program), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(time.Minute))
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx))
	return ctx, true
}

// site is a loader with a few modules, and its pages.
type site struct {
	loader *load.Loader
	url    string // of the pages
}

func serve(t *testing.T) site {
	t.Helper()
	place, err := os.MkdirTemp("", "rules") // a short name, for the pictures
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(place)) })
	for name, text := range map[string]string{
		"rates.star": "\"\"\"Rates of the taxes.\"\"\"\nSTANDARD = 19\n",
		"tax.star":   "load(\"rates\", \"STANDARD\")\n\ndef gross(net):\n    \"\"\"Adds the tax.\"\"\"\n    return net + net * STANDARD // 100\n",
		"wrong.star": "1 +\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(place, name), []byte(text), 0o600))
	}
	kept, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	recorder := httpdebug.NewRecorder(50)
	l, err := load.New(load.Config{
		Path: find.Path{builtin.New(), dir.New(place)}, Engines: []engine.Engine{starlark.New(starlark.Config{}), native.New()},
		Store: kept, Events: recorder.Sink(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close(context.Background())) })
	require.NoError(t, l.Register("greet", map[string]any{"Hello": func(name string) string { return "hello, " + name }}))
	for _, name := range []string{"greet", "tax"} {
		_, err := l.Load(t.Context(), name)
		require.NoError(t, err, name)
	}
	_, err = l.Load(t.Context(), "wrong")
	require.Error(t, err)
	mux := http.NewServeMux()
	mux.Handle("/debug/load/", httpdebug.Handler(l, httpdebug.Options{Recorder: recorder, Store: kept, Control: true}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return site{l, server.URL + "/debug/load/"}
}

// module is the link of the page about tax.
func (s site) module(t *testing.T) string {
	t.Helper()
	m, err := s.loader.Load(t.Context(), "tax")
	require.NoError(t, err)
	return "module?name=" + m.String()
}

func (s site) pages(t *testing.T) []string {
	t.Helper()
	return []string{"", s.module(t), "graph", "loads", "events", "store"}
}

// looks are how a page is seen.
var looks = []struct {
	name, scheme string
	width        int64
}{{"light", "light", 1000}, {"dark", "dark", 1000}, {"narrow", "light", 400}}

type action = chromedp.Action[chromedp.Void]

func look(scheme string, width int64) action {
	return chromedp.Steps(chromedp.EmulateViewport(width, 800), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// open shows a page.
func open(url string) action {
	return chromedp.Steps(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main h1")))
}

// told is what a script returns.
func told[T any](t *testing.T, ctx context.Context, script string, options ...chromedp.EvaluateOption) T {
	t.Helper()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, options...))
	require.NoError(t, err)
	return answer
}

// TestPages opens every page, light, dark and 400 pixels wide: axe-core finds nothing, nothing is
// wider than the page, and nothing comes from elsewhere.
func TestPages(t *testing.T) {
	t.Parallel()
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	axe := ""
	if name := os.Getenv("AXE"); name != "" {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		axe = string(text)
	} else {
		t.Log("without axe-core: name its axe.min.js in AXE")
	}
	for _, path := range s.pages(t) {
		for _, l := range looks {
			about := path + " " + l.name
			require.NoError(t, chromedp.Do(ctx, look(l.scheme, l.width), open(s.url+path)), about)
			assert.False(t, told[bool](t, ctx, `document.documentElement.scrollWidth > document.documentElement.clientWidth`), "%s: it is wider than the page", about)
			assert.Empty(t, told[[]string](t, ctx, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin))`), about)
			if axe != "" {
				assert.Empty(t, violations(t, ctx, axe), about)
			}
		}
	}
}

// TestPicture: the page of the imports draws them, in colours of the scheme that differ from what
// is behind them, and a picture wider than the page scrolls within its box.
func TestPicture(t *testing.T) {
	t.Parallel()
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	colours := make(map[string]bool)
	for _, l := range looks {
		require.NoError(t, chromedp.Do(ctx, look(l.scheme, l.width), open(s.url+"graph")), l.name)
		assert.Equal(t, []string{"greet", "rates", "tax"}, told[[]string](t, ctx, `[...document.querySelectorAll(".graph text")].map(e => e.textContent.split(" ")[0].replace(/.*\//, "").replace(".star", "")).sort()`), l.name)
		used := told[[]string](t, ctx, `["text:fill", "rect:fill", "rect:stroke"].map(p => getComputedStyle(document.querySelector(".graph " + p.split(":")[0]))[p.split(":")[1]])`)
		require.Len(t, used, 3, l.name)
		assert.NotEqual(t, used[0], used[1], "%s: the text is as its box", l.name)
		assert.NotEqual(t, used[1], used[2], "%s: the border is as its box", l.name)
		colours[used[0]] = true
		assert.Empty(t, told[string](t, ctx, `[...document.querySelectorAll(".graph text")].filter(e => { const t = e.getBBox(), r = e.previousSibling.getBBox(); return t.x < r.x || t.x + t.width > r.x + r.width }).map(e => e.textContent).join(" ")`), "%s: names reach out of their boxes", l.name)
	}
	assert.Len(t, colours, 2, "one for each scheme")
	box := `document.querySelector(".graph")`
	assert.True(t, told[bool](t, ctx, box+`.scrollWidth > `+box+`.clientWidth`), "the test's graph is narrower than 400 pixels")
	require.NoError(t, chromedp.Do(ctx, chromedp.Focus(chromedp.CSS(".graph")), chromedp.KeyEvent(kb.ArrowRight)))
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](box+`.scrollLeft > 0`, chromedp.WithPollingTimeout(time.Minute)))
	require.NoError(t, err)
}

// violations are what axe-core finds in the page. The page's policy lets nothing in but its own
// script; the debugger may.
func violations(t *testing.T, ctx context.Context, axe string) []string {
	t.Helper()
	told[bool](t, ctx, axe+"\n;true")
	found := told[string](t, ctx, `axe.run().then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" "))))`, chromedp.EvalAwaitPromise)
	var list []string
	require.NoError(t, json.Unmarshal([]byte(found), &list))
	return list
}

// TestKeyboard walks through a page by the keyboard: to the content, to a link, and through it.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	focused := `document.activeElement.className`
	require.NoError(t, chromedp.Do(ctx, open(s.url), chromedp.KeyEvent(kb.Tab)))
	assert.Equal(t, "skip", told[string](t, ctx, focused))
	require.NoError(t, chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitReady(chromedp.CSS(`nav a[href="graph"][aria-current="page"]`))))
	place, err := chromedp.Run(ctx, chromedp.Location())
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(place, "/graph"), place)
}

// TestControl unloads a module by its button, without JavaScript; a form of another site cannot.
func TestControl(t *testing.T) {
	t.Parallel()
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<form method="post" action="` + s.url + `unload"><input name="name" value="greet"><button>go</button></form>`))
	}))
	defer elsewhere.Close()
	running := func() (names []string) {
		for m := range s.loader.Modules() {
			names = append(names, m.Name())
		}
		return names
	}
	// Loopback addresses of other ports are another origin, and by another name another site.
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)),
		chromedp.Click(chromedp.CSS("button")), chromedp.WaitNotPresent(chromedp.CSS("form"))))
	assert.Contains(t, running(), "greet")
	withoutScripts := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	unload := chromedp.CSS(`form[action="unload"] button`)
	require.NoError(t, chromedp.Do(ctx, withoutScripts, chromedp.Navigate(s.url+"module?name=greet"), chromedp.Click(unload), chromedp.WaitNotPresent(unload)))
	assert.NotContains(t, running(), "greet")
}

// TestLive: figures follow while the page is open.
func TestLive(t *testing.T) {
	t.Parallel()
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	require.NoError(t, chromedp.Do(ctx, open(s.url)))
	m, err := s.loader.Load(t.Context(), "greet")
	require.NoError(t, err)
	for range 7 {
		_, err := m.Call(t.Context(), "Hello", "you")
		require.NoError(t, err)
	}
	_, err = chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector('tr[data-module="greet"] [data-field="calls"]').textContent == "7"`, chromedp.WithPollingTimeout(time.Minute)))
	require.NoError(t, err)
}

// TestScreenshots writes the pictures of the documentation where SCREENSHOTS says.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	place := os.Getenv("SCREENSHOTS")
	if place == "" {
		t.Log("SCREENSHOTS names no directory")
		return
	}
	ctx, ok := start(t)
	if !ok {
		return
	}
	s := serve(t)
	for name, shot := range map[string]struct{ path, scheme string }{
		"debug-modules.png": {"", "light"}, "debug-module.png": {s.module(t), "light"}, "debug-loads.png": {"loads", "dark"},
	} {
		require.NoError(t, chromedp.Do(ctx, look(shot.scheme, 1000), open(s.url+shot.path)))
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(place, name), picture, 0o644))
	}
}
