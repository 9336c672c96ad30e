package load_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
)

func TestStatsAndInfo(t *testing.T) {
	t.Parallel()
	s, p := &shop{}, &press{fingerprint: "1"}
	w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}, version: "v1.0.0"}, "lib": {}}}
	in := openStore(t)
	l := newLoader(t, w, withShop(s, p, in), func(c *load.Config) {
		c.Engines = []engine.Engine{w, p}
		c.Aliases = map[string]string{"a": "app"}
		c.MaxModules = 5
	})
	m := mustLoad(t, l, "a")
	for range 3 {
		if _, err := m.Call(t.Context(), "F"); err != nil {
			t.Fatal(err)
		}
	}
	o := engine.NewObject(&counted{in: w.instances[1]})
	defer o.Close()
	defer m.Pin()()
	got := m.Stats()
	if got.Calls != 3 || got.Errors != 0 || got.Running != 0 || got.Objects != 1 || got.Memory.Now != 1<<20 || got.Memory.Peak != 2<<20 || got.Memory.From != "the test" || got.Pins != 1 {
		t.Errorf("stats %+v", got)
	}
	if st := got.Stages; st.Find <= 0 || st.Open <= 0 || st.Total < st.Find+st.Install+st.Compile+st.Open || got.Loaded.IsZero() {
		t.Errorf("stages %+v", st)
	}
	info := l.Info()
	if len(info.Modules) != 2 || info.Memory != 2<<20 || info.MaxModules != 5 || info.Aliases["a"] != "app" || info.Store != in.Dir() ||
		!slices.Equal(info.Path, []string{"world"}) || !slices.Equal(info.Installers, []string{"shop"}) || !slices.Equal(info.Engines, []string{"fake", "press"}) {
		t.Errorf("info %+v", info)
	}
	app := info.Modules[0]
	if app.Name != "app" || !slices.Equal(app.Names, []string{"a", "app", "app@v1.0.0"}) || !slices.Equal(app.Imports, []string{"lib"}) || app.Origin != "world" {
		t.Errorf("module %+v", app)
	}
	lines := strings.Split(info.String(), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "app@v1.0.0  fake    3      0       1.0 MiB  ") {
		t.Errorf("text:\n%s", info)
	}
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
	if g.DOT() != want {
		t.Errorf("DOT:\n%s", g.DOT())
	}
	g.Built = []load.Edge{{From: "lib", To: `x"@v1`}}
	want = "flowchart LR\n\tm0[\"app\"]\n\tm1[\"b.com\"]\n\tm2[\"lib\"]\n\tm0 --> m1\n\tm0 --> m2\n\tm3[\"module x#quot;@v1\"]\n\tm2 -.-> m3\n"
	if g.Mermaid() != want {
		t.Errorf("Mermaid:\n%s", g.Mermaid())
	}
	data, err := json.Marshal(g)
	if want := `{"modules":["app","b.com","lib"],"imports":[{"from":"app","to":"b.com"},{"from":"app","to":"lib"}],"built":[{"from":"lib","to":"x\"@v1"}]}`; string(data) != want || err != nil {
		t.Errorf("JSON %s", data)
	}
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
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if _, err := time.Parse(time.RFC3339Nano, fields["time"].(string)); err != nil {
			t.Error(err)
		}
		got = append(got, fields)
	}
	if len(got) != 2 || got[0]["event"] != "compiled" || got[0]["took"] != 1.5 || got[0]["bytes"] != 7.0 || got[1]["err"] != "it is\nbroken" {
		t.Errorf("lines %v", got)
	}
}

// A duration is a number of seconds in each JSON of the package.
func TestDurationsInJSON(t *testing.T) {
	t.Parallel()
	const d = 1500 * time.Millisecond
	stages := load.Stages{Find: d, Install: 2 * d, Compile: 3 * d, Open: 4 * d, Total: 10 * d}
	data, err := json.Marshal(load.Stats{Stages: stages})
	require.NoError(t, err)
	require.Contains(t, string(data), `"stages":{"find":1.5,"install":3,"compile":4.5,"open":6,"total":15}`)
	var stats load.Stats
	require.NoError(t, json.Unmarshal(data, &stats))
	require.Equal(t, stages, stats.Stages)

	report := load.UnloadReport{Name: "m", Memory: 3, Waited: d, Objects: []engine.HeldObjects{{Type: "T", Count: 1}}}
	for _, v := range []any{report, &report} {
		data, err = json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"m","memory":3,"artifact":0,"waited":1.5,"interrupted":0,"objects":[{"type":"T","count":1,"since":"0001-01-01T00:00:00Z"}]}`, string(data))
	}
	var back load.UnloadReport
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, report, back)

	data, err = json.Marshal(engine.Grants{Network: true, CallTime: d})
	require.NoError(t, err)
	require.JSONEq(t, `{"network":true,"call_time":1.5}`, string(data))
	var grants engine.Grants
	require.NoError(t, json.Unmarshal(data, &grants))
	require.Equal(t, engine.Grants{Network: true, CallTime: d}, grants)
}
