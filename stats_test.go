package load_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/report"
	"github.com/stretchr/testify/assert"
)

func TestStatsAndInfo(t *testing.T) {
	t.Parallel()
	s, p := &shop{}, &press{fingerprint: "1"}
	w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}, version: "v1.0.0"}, "lib": {}}}
	in := loadtest.OpenStore(t)
	l := newLoader(t, w, withShop(s, p, in), func(c *load.Config) {
		c.Engines = []engine.Engine{w, p}
		c.Aliases = map[string]string{"a": "app"}
		c.MaxModules = 5
	})
	m := mustLoad(t, l, "a")
	for range 3 {
		_, err := m.Call(t.Context(), "F")
		require.NoError(t, err)
	}
	o := engine.NewObject(&counted{in: w.instances[1]})
	defer o.Close()
	defer m.Pin()()
	got := m.Stats()
	assert.Equal(t, int64(3), got.Calls)
	assert.Zero(t, got.Errors)
	assert.Zero(t, got.Running)
	assert.Equal(t, 1, got.Objects)
	assert.Equal(t, int64(1<<20), got.Memory.Now)
	assert.Equal(t, int64(2<<20), got.Memory.Peak)
	assert.Equal(t, "the test", got.Memory.From)
	assert.Equal(t, 1, got.Pins)
	st := got.Stages
	assert.Positivef(t, st.Find, "stages %+v", st)
	assert.Positivef(t, st.Open, "stages %+v", st)
	assert.GreaterOrEqualf(t, st.Total, st.Find+st.Install+st.Compile+st.Open, "stages %+v", st)
	assert.Falsef(t, got.Loaded.IsZero(), "stages %+v", st)
	info := l.Info()
	require.Len(t, info.Modules, 2)
	assert.Equal(t, int64(2<<20), info.Memory)
	assert.Equal(t, 5, info.MaxModules)
	assert.Equal(t, "app", info.Aliases["a"])
	assert.Equal(t, in.Dir(), info.Store)
	assert.Equal(t, []string{"world"}, info.Path)
	assert.Equal(t, []string{"shop"}, info.Installers)
	assert.Equal(t, []string{"fake", "press"}, info.Engines)
	app := info.Modules[0]
	assert.Equal(t, "app", app.Name)
	assert.Equal(t, []string{"a", "app", "app@v1.0.0"}, app.Names)
	assert.Equal(t, []string{"lib"}, app.Imports)
	assert.Equal(t, "world", app.Origin)
	lines := strings.Split(info.String(), "\n")
	require.Lenf(t, lines, 4, "text:\n%s", info)
	assert.Truef(t, strings.HasPrefix(lines[1], "app@v1.0.0  fake    3      0       1MiB    "), "text:\n%s", info)
}

func TestGraph(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"lib": {}, "b.com": {}, "app": {imports: []string{"lib", "b.com"}}}}
	l := newLoader(t, w, withShop(&shop{}, &press{}, nil), func(c *load.Config) { c.Engines = []engine.Engine{w} })
	mustLoad(t, l, "app")
	g := l.Graph()
	want := `digraph modules {
	"app";
	"b.com";
	"lib";
	"app" -> "b.com";
	"app" -> "lib";
}
`
	assert.Equal(t, want, g.DOT())
	g.Built = []report.Edge{{From: "lib", To: `x"@v1`}}
	want = "flowchart LR\n\tm0[\"app\"]\n\tm1[\"b.com\"]\n\tm2[\"lib\"]\n\tm0 --> m1\n\tm0 --> m2\n\tm3[\"module x#quot;@v1\"]\n\tm2 -.-> m3\n"
	assert.Equal(t, want, g.Mermaid())
	data, err := json.Marshal(g)
	want = `{"modules":["app","b.com","lib"],"imports":[{"from":"app","to":"b.com"},{"from":"app","to":"lib"}],"built":[{"from":"lib","to":"x\"@v1"}]}`
	assert.Equal(t, want, string(data))
	assert.NoError(t, err)
}

func TestTrace(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	sink := event.Trace(&b)
	sink(event.Compiled{Name: "x", Engine: "press", Bytes: 7, Took: 1500 * time.Millisecond})
	sink(event.Failed{Name: "y", Err: errors.New("it is\nbroken")})
	var got []map[string]any
	for line := range strings.Lines(b.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields))
		_, err := time.Parse(time.RFC3339Nano, fields["time"].(string))
		assert.NoError(t, err)
		got = append(got, fields)
	}
	require.Len(t, got, 2)
	assert.Equal(t, "compiled", got[0]["event"])
	assert.Equal(t, 1.5, got[0]["took"])
	assert.Equal(t, 7.0, got[0]["bytes"])
	assert.Equal(t, "it is\nbroken", got[1]["err"])
}

// A duration is a number of seconds in each JSON of the package.
func TestDurationsInJSON(t *testing.T) {
	t.Parallel()
	const d = 1500 * time.Millisecond
	stages := report.Stages{Find: d, Install: 2 * d, Compile: 3 * d, Open: 4 * d, Total: 10 * d}
	data, err := json.Marshal(report.Stats{Stages: stages})
	require.NoError(t, err)
	require.Contains(t, string(data), `"stages":{"find":1.5,"install":3,"compile":4.5,"open":6,"total":15}`)
	var stats report.Stats
	require.NoError(t, json.Unmarshal(data, &stats))
	require.Equal(t, stages, stats.Stages)

	told := report.Unload{Name: "m", Memory: 3, Waited: d, Objects: []engine.HeldObjects{{Type: "T", Count: 1}}}
	for _, v := range []any{told, &told} {
		data, err = json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"m","memory":3,"artifact":0,"waited":1.5,"interrupted":0,"objects":[{"type":"T","count":1,"since":"0001-01-01T00:00:00Z"}]}`, string(data))
	}
	var back report.Unload
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, told, back)

	data, err = json.Marshal(engine.Grants{Network: true, CallTime: d})
	require.NoError(t, err)
	require.JSONEq(t, `{"network":true,"call_time":1.5}`, string(data))
	var grants engine.Grants
	require.NoError(t, json.Unmarshal(data, &grants))
	require.Equal(t, engine.Grants{Network: true, CallTime: d}, grants)
}
