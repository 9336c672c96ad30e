package metrics_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/metrics"
	"github.com/loadgo/load/report"
)

// world finds modules of any name and runs them; two of them are one name, version and engine.
type world struct{}

func (world) Find(_ context.Context, name find.Name) (*load.Spec, error) {
	return &load.Spec{
		Name: "a\"b\\c\nd\xff", Version: "v1", Origin: "world",
		Source: find.Source{Kind: "fake", Hash: "fake:" + name.Target, Go: &find.GoSource{}},
	}, nil
}

func (world) Name() string { return "fake" }

func (world) Accepts(src find.Source) bool { return src.Kind == "fake" }

func (world) Open(context.Context, engine.Artifact, engine.Importer) (engine.Instance, error) {
	return new(instance), nil
}

type instance struct{ usage engine.Usage }

func (in *instance) Usage() *engine.Usage { return &in.usage }

func (*instance) Symbols() []engine.Symbol { return nil }

func (*instance) Memory() engine.Memory { return engine.Memory{Now: 1 << 20, From: "a test"} }

func (*instance) Bind(string, reflect.Type) (reflect.Value, error) {
	return reflect.Value{}, errors.New("it binds nothing")
}

// Call calls a function that ends by itself, or crashes where it is called so.
func (in *instance) Call(_ context.Context, symbol string, _ []any) ([]any, error) {
	began := engine.Now()
	if err := in.usage.Begin(); err != nil {
		return nil, err
	}
	var err error
	if symbol == "Crash" {
		err = engine.ErrCrashed
	}
	in.usage.EndSince(began, err)
	return nil, err
}

func (*instance) Close(context.Context) error { return nil }

// start returns a loader whose events are counted.
func start(t *testing.T) (*load.Loader, *metrics.Events) {
	t.Helper()
	events := new(metrics.Events)
	l, err := load.New(load.Config{Path: find.Path{world{}}, Engines: []engine.Engine{world{}}, Events: events.Sink(nil)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	return l, events
}

func get(t *testing.T, h http.Handler, method string) *httptest.ResponseRecorder {
	t.Helper()
	response := httptest.NewRecorder()
	h.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), method, "/metrics", nil))
	return response
}

// varying are the figures that differ with each run.
var varying = regexp.MustCompile(`(?m)^(load_event_seconds_sum\{.*\}|load_module_call_seconds_sum\{.*\}|load_module_last_used_seconds\{.*\}) [0-9.e+-]+$`)

// bucket is a line of a histogram's bucket.
var bucket = regexp.MustCompile(`(?m)^load_module_call_seconds_bucket\{module=".*",version="v1",engine="fake",le="(.*)"\} (.*)\n`)

func TestText(t *testing.T) {
	t.Parallel()
	l, events := start(t)
	m, err := l.Load(t.Context(), "some")
	require.NoError(t, err)
	_, err = l.Load(t.Context(), "some", load.Instantiate("F[int]"))
	require.NoError(t, err)
	_, err = m.Call(t.Context(), "F")
	require.NoError(t, err)
	_, err = m.Call(t.Context(), "Crash")
	require.Error(t, err)

	response := get(t, metrics.Handler(l, events), "GET")
	assert.Equal(t, "application/openmetrics-text; version=1.0.0; charset=utf-8", response.Header().Get("Content-Type"))
	const labels = `{module="a\"b\\c\nd` + "\uFFFD" + `",version="v1",engine="fake"}`
	want := strings.ReplaceAll(`# TYPE load_modules gauge
# HELP load_modules Modules that run.
load_modules 2
# TYPE load_module_calls counter
# HELP load_module_calls Calls of the module that ended.
load_module_calls_total{…} 2
# TYPE load_module_errors counter
# HELP load_module_errors Calls that ended by a panic, a crash, a cancellation or a limit.
load_module_errors_total{…} 1
# TYPE load_module_call_seconds histogram
# UNIT load_module_call_seconds seconds
# HELP load_module_call_seconds How long calls of the module took, where its engine measures it.
load_module_call_seconds_count{…} 2
load_module_call_seconds_sum{…} X
# TYPE load_module_running gauge
# HELP load_module_running Calls that run now.
load_module_running{…} 0
# TYPE load_module_objects gauge
# HELP load_module_objects Objects of the module that the host holds.
load_module_objects{…} 0
# TYPE load_module_memory_bytes gauge
# UNIT load_module_memory_bytes bytes
# HELP load_module_memory_bytes Memory of the module, where its engine reports it.
load_module_memory_bytes{…} 2.097152e+06
# TYPE load_module_last_used_seconds gauge
# UNIT load_module_last_used_seconds seconds
# HELP load_module_last_used_seconds When the module was last used, in seconds since 1970.
load_module_last_used_seconds{…} X
# TYPE load_events counter
# HELP load_events Events by their kind.
load_events_total{event="called"} 1
load_events_total{event="found"} 2
load_events_total{event="loaded"} 2
load_events_total{event="opened"} 2
# TYPE load_event_seconds summary
# UNIT load_event_seconds seconds
# HELP load_event_seconds How long what the events tell of took.
load_event_seconds_count{event="called"} 1
load_event_seconds_sum{event="called"} X
load_event_seconds_count{event="found"} 2
load_event_seconds_sum{event="found"} X
load_event_seconds_count{event="loaded"} 2
load_event_seconds_sum{event="loaded"} X
load_event_seconds_count{event="opened"} 2
load_event_seconds_sum{event="opened"} X
# EOF
`, "{…}", labels)
	body := response.Body.String()
	buckets := bucket.FindAllStringSubmatch(body, -1)
	require.Len(t, buckets, 14)
	assert.Equal(t, []string{"1.024e-06", "4.096e-06"}, []string{buckets[0][1], buckets[1][1]})
	assert.Equal(t, []string{"+Inf", "2"}, buckets[13][1:])
	assert.Equal(t, want, varying.ReplaceAllString(bucket.ReplaceAllString(body, ""), "$1 X"))
}

// TestEmpty: without modules and events there is a whole answer, and HEAD and other methods are
// answered.
func TestEmpty(t *testing.T) {
	t.Parallel()
	l, _ := start(t)
	h := metrics.Handler(l, nil)
	assert.Equal(t, "# TYPE load_modules gauge\n# HELP load_modules Modules that run.\nload_modules 0\n# EOF\n", get(t, h, "GET").Body.String())
	assert.Equal(t, http.StatusOK, get(t, h, "HEAD").Code)
	refused := get(t, h, "POST")
	assert.Equal(t, http.StatusMethodNotAllowed, refused.Code)
	assert.Equal(t, "GET, HEAD", refused.Header().Get("Allow"))
}

// TestEvents: each event counts, its time is summed up, and other sinks get it too.
func TestEvents(t *testing.T) {
	t.Parallel()
	l, _ := start(t)
	events := new(metrics.Events)
	var seen []event.Event
	sink := events.Sink(func(e event.Event) { seen = append(seen, e) })
	sink(event.Compiled{Took: 1500 * time.Millisecond})
	sink(event.Compiled{Took: time.Second})
	sink(event.Waiting{})
	assert.Len(t, seen, 3)
	body := get(t, metrics.Handler(l, events), "GET").Body.String()
	for _, line := range []string{
		`load_events_total{event="compiled"} 2`, `load_events_total{event="waiting"} 1`,
		`load_event_seconds_count{event="compiled"} 2`, `load_event_seconds_sum{event="compiled"} 2.5`,
	} {
		assert.Contains(t, body, line+"\n")
	}
	assert.NotContains(t, body, `load_event_seconds_count{event="waiting"}`)
}

func TestVar(t *testing.T) {
	t.Parallel()
	l, events := start(t)
	_, err := l.Load(t.Context(), "some")
	require.NoError(t, err)
	var got struct {
		Loader report.Info
		Events map[string]struct {
			Count int64
			Took  float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(metrics.Var(l, events).String()), &got))
	require.Len(t, got.Loader.Modules, 1)
	assert.Equal(t, "v1", got.Loader.Modules[0].Version)
	assert.Equal(t, int64(1), got.Events["loaded"].Count)
	assert.Positive(t, got.Events["loaded"].Took)
}
