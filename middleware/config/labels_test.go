package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/middleware/config"
)

const prefix = "traefik.http.middlewares."

func TestLabels(t *testing.T) {
	t.Parallel()
	plugins, err := config.Labels(map[string]string{
		prefix + "b.plugin.limit.per":                  "1s",
		"Traefik.HTTP.Middlewares.b.Plugin.limit.key":  "address",
		prefix + "a.plugin.geo.countries[1]":           "DE",
		prefix + "a.plugin.geo.countries[0]":           "CH",
		prefix + "a.plugin.geo.matrix[0][1]":           "y",
		prefix + "a.plugin.geo.matrix[0][0]":           "x",
		prefix + "a.plugin.geo.rules[0].if.Path":       "/",
		prefix + "a.plugin.geo.rules[0].IF.method":     "GET",
		prefix + "c.plugin.bare":                       "true",
		prefix + "other.redirectscheme.scheme":         "https",
		"traefik.http.routers.r.plugin.x.y":            "1",
		"com.docker.compose.service":                   "web",
		"traefik.http.middlewares":                     "",
		"traefik.http.middlewaresx.a.plugin.p.a":       "",
		prefix + "a.plugin.geo.headers.X-Real-IP":      "a.b=c, d",
		prefix + "a.plugin.geo.empty":                  "",
		prefix + "a.plugin.geo.nested.deep.deeper.end": "1",
	})
	require.NoError(t, err)
	got, err := json.Marshal(plugins)
	require.NoError(t, err)
	assert.JSONEq(t, `[
		{"Name": "a", "Plugin": "geo", "Values": {
			"countries": ["CH", "DE"], "matrix": [["x", "y"]], "empty": "", "headers": {"X-Real-IP": "a.b=c, d"},
			"rules": [{"IF": {"method": "GET", "Path": "/"}}], "nested": {"deep": {"deeper": {"end": "1"}}}}},
		{"Name": "b", "Plugin": "limit", "Values": {"per": "1s", "key": "address"}},
		{"Name": "c", "Plugin": "bare", "Values": {}}
	]`, string(got))
}

func TestLabelMistakes(t *testing.T) {
	t.Parallel()
	const p = prefix + "m.plugin.p"
	for _, test := range []struct {
		labels []string
		want   string
	}{
		{[]string{p + ".a", p + ".A"}, "label " + p + ".a: " + p + ".A sets it, too"},
		{[]string{p + ".a", p + ".a.b"}, "label " + p + ".a.b: " + p + ".a makes it something without names"},
		{[]string{p + ".a.b", p + ".a"}, "label " + p + ".a.b: " + p + ".a makes it something without names"},
		{[]string{p + ".a", p + ".a[0]"}, "label " + p + ".a[0]: " + p + ".a makes it something other than a list"},
		{[]string{p + ".a[0]", p + ".a.b"}, "label " + p + ".a[0]: " + p + ".a.b makes it something other than a list"},
		{[]string{p + ".a[0]", p + ".a[2]"}, "label " + p + ".a[0]: its list has no element [1]"},
		{[]string{p + ".a[1000000000]"}, "label " + p + ".a[1000000000]: its list has no element [0]"},
		{[]string{p + ".a[01]"}, `label ` + p + `.a[01]: "01" is not a list index`},
		{[]string{p + ".a[-1]"}, `"-1" is not a list index`},
		{[]string{p + ".a[]"}, `"" is not a list index`},
		{[]string{p + ".a[99999999999999999999]"}, `"99999999999999999999" is not a list index`},
		{[]string{p + ".a[0"}, `"a[0" lacks a closing ]`},
		{[]string{p + ".a[0]b"}, `"a[0]b" goes on after its ]`},
		{[]string{p + ".a[0]["}, `"a[0][" lacks a closing ]`},
		{[]string{p + ".[0]"}, `"[0]" has an empty name`},
		{[]string{p + ".a..b"}, `"a..b" has an empty name`},
		{[]string{p + "."}, `"" has an empty name`},
		{[]string{p}, "a plugin is no value: set its fields"},
		{[]string{prefix + ".plugin.p.a"}, "it names no middleware or no plugin"},
		{[]string{prefix + "m.plugin..a"}, "it names no middleware or no plugin"},
		{[]string{p + ".a", prefix + "m.plugin.q.a"}, "middleware m is two plugins, p and q"},
	} {
		labels := make(map[string]string)
		for _, label := range test.labels {
			labels[label] = "1"
		}
		_, err := config.Labels(labels)
		assert.ErrorContains(t, err, test.want, test.labels)
	}
}

func FuzzLabels(f *testing.F) {
	f.Add("a.b[0].c", "x", "a.b[1].c", "y")
	f.Add("a", "", "a[0]", "")
	f.Add("a[0][0]", "1", "A[0][1]", "2")
	f.Add("[", "", "]", "")
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string) {
		const p = prefix + "m.plugin.p."
		labels := map[string]string{p + key1: value1, p + key2: value2}
		plugins, err := config.Labels(labels)
		if err != nil {
			return
		}
		require.Len(t, plugins, 1)
		var texts []string
		collect(plugins[0].Values, &texts)
		var want []string
		for _, value := range labels {
			want = append(want, value)
		}
		assert.ElementsMatch(t, want, texts, "each label is one text of the values")
	})
}

// collect appends the texts in a value.
func collect(value any, texts *[]string) {
	switch v := value.(type) {
	case string:
		*texts = append(*texts, v)
	case []any:
		for _, item := range v {
			collect(item, texts)
		}
	case map[string]any:
		for _, item := range v {
			collect(item, texts)
		}
	}
}
