package config_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/middleware/config"
	"github.com/loadgo/load/standard"
)

// all holds the configuration of testdata/all.* as labels.
var all = map[string]string{
	"NAME": "Ann", "max": "7", "big": "18446744073709551615", "ratio": "2.5", "enabled": "true", "since": "2026-11-28",
	"timeout": "90s", "delays": "1s, 2m", "codes": "200,404", "tags": "a, b", "secret": "hunter2",
	"request.set.X-Greeting": "good day", "request.remove": "Server,Via", "cache.maxage": "1m30s",
	"rewrites[0].regex": "^/a", "rewrites[0].replacement": "/b", "rewrites[1].regex": "^/c",
	"extra.more": "1", "other": "tagged",
}

// labels puts the prefix of a plugin's labels before keys.
func labels(keys map[string]string) map[string]string {
	labels := map[string]string{"traefik.enable": "true", "traefik.http.middlewares.auth.basicauth.users": "a:b"}
	for key, value := range keys {
		labels["traefik.http.middlewares.show.plugin.it."+key] = value
	}
	return labels
}

// loadPlugin loads a plugin of testdata. The decoder comes from the module cache that built the
// test.
func loadPlugin(t *testing.T, engine, name string, options ...load.LoadOption) *load.Module {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	proxy := loadtest.Proxy(t)
	proxy.AddModuleCache(strings.TrimSpace(string(out)))
	for _, setting := range append(proxy.Env(), "LOAD_DIR="+loadtest.TempDir(t)) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	l, err := standard.New(load.Config{Engine: engine})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close(context.Background()) })
	_, place, err := config.Local(filepath.Join("testdata", name))
	require.NoError(t, err)
	m, err := l.Load(t.Context(), place, options...)
	require.NoError(t, err)
	return m
}

// show creates a configuration and returns what the plugin sees of it.
func show(t *testing.T, m *load.Module, values map[string]any) (string, error) {
	t.Helper()
	created, err := config.Create(t.Context(), m, values)
	if err != nil {
		return "", err
	}
	out, err := m.Call(t.Context(), "Show", created)
	require.NoError(t, err)
	return out[0].(string), nil
}

// TestFormats fills in one configuration from four formats, where it is plain data and where it
// stays in its module, on both engines.
func TestFormats(t *testing.T) {
	const want = `{"Name":"Ann","Max":7,"Big":18446744073709551615,"Ratio":2.5,"Enabled":true,"Since":"2026-11-28",` +
		`"Timeout":90000000000,"Delays":[1000000000,120000000000],"Codes":[200,404],"Tags":["a","b"],"Secret":"aHVudGVyMg==",` +
		`"request":{"Set":{"X-Greeting":"good day"},"Remove":["Server","Via"]},"Cache":{"MaxAge":90000000000},` +
		`"Rewrites":[{"Regex":"^/a","Replacement":"/b"},{"Regex":"^/c","Replacement":""}],` +
		`"Extra":{"kept":"yes","more":"1"},"Renamed":"tagged"`
	formats := make(map[string]map[string]any)
	for _, file := range []string{"all.yaml", "all.toml", "all.json"} {
		values, err := config.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		formats[file] = values
	}
	plugins, err := config.Labels(labels(all))
	require.NoError(t, err)
	require.Len(t, plugins, 1)
	assert.Equal(t, "show", plugins[0].Name)
	assert.Equal(t, "it", plugins[0].Plugin)
	formats["labels"] = plugins[0].Values
	for _, engine := range []string{"goprocess", "gowasm"} {
		for name, rest := range map[string]string{"plain": "}", "held": `,"Level":"INFO","Addr":"","Mode":0}`} {
			m := loadPlugin(t, engine, name, config.Along())
			for format, values := range formats {
				got, err := show(t, m, values)
				if assert.NoError(t, err, "%s %s %s", engine, name, format) {
					assert.Equal(t, want+rest, got, "%s %s %s", engine, name, format)
				}
			}
			testMistakes(t, m)
			if name == "held" {
				testTexts(t, m)
			}
		}
	}
}

// testMistakes checks what a configuration that does not fit is told.
func testMistakes(t *testing.T, m *load.Module) {
	t.Helper()
	for yaml, want := range map[string]string{
		"maxx: 1":                          "no field maxx; did you mean Max?",
		"request: {sett: {a: b}}":          "no field Request.sett; did you mean Set?",
		"rewrites: [{regexp: a}]":          "no field Rewrites[0].regexp; did you mean Regex?",
		"cache: {age: 1s}":                 "no field Cache.age",
		"quite: different":                 "no field quite",
		"max: 2\nMax: 3":                   "max is given twice, in upper and lower case",
		"renamed: x":                       "no field renamed",
		"now: x":                           "no field now",
		"timeout: soon":                    `time: invalid duration`,
		"small: 300":                       "cannot parse value as 'int8'",
		"max: 1.5":                         "cannot parse value as 'int'",
		"max: many":                        "'Max' cannot parse value as 'int'",
		"delays: 1s,soon":                  `time: invalid duration`,
		"request: 5":                       "'Request' expected a map",
		"enabled: perhaps":                 "'Enabled' cannot parse value as 'bool'",
		"maxx: 1\nrequest: {removed: [a]}": "no field Request.removed; did you mean Remove?\nno field maxx; did you mean Max?",
	} {
		values, err := config.YAML([]byte(yaml))
		require.NoError(t, err)
		_, err = show(t, m, values)
		assert.ErrorContains(t, err, want, yaml)
	}
	_, err := config.Create(t.Context(), m, map[string]any{"maxx": 1})
	var unknown *config.UnknownFieldError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "maxx", unknown.Field)
}

// testTexts checks types that read texts by a method of theirs.
func testTexts(t *testing.T, m *load.Module) {
	t.Helper()
	got, err := show(t, m, map[string]any{"level": "warn", "addr": "192.0.2.7", "mode": "safe"})
	require.NoError(t, err)
	assert.Contains(t, got, `"Level":"WARN","Addr":"192.0.2.7","Mode":2}`)
	_, err = show(t, m, map[string]any{"mode": "quick"})
	assert.ErrorContains(t, err, "mode quick is neither fast nor safe")
}

// TestManifest tries each plugin with the configuration that its manifest names.
func TestManifest(t *testing.T) {
	for _, name := range []string{"plain", "held"} {
		manifest, _, err := config.Local(filepath.Join("testdata", name))
		require.NoError(t, err)
		assert.Equal(t, "The "+name+" one", manifest.DisplayName)
		assert.Equal(t, "example.com/"+name, manifest.Import)
		assert.Equal(t, "Prints its configuration.", manifest.Summary)
		got, err := show(t, loadPlugin(t, "goprocess", name, config.Along()), manifest.TestData)
		require.NoError(t, err)
		assert.Contains(t, got, `{"Name":"tried","Max":1,`)
		assert.Contains(t, got, `"Cache":{"MaxAge":2000000000}`)
	}
}

// TestNoDecoder: a configuration that stays in its module needs the decoder there, one of plain
// data does not.
func TestNoDecoder(t *testing.T) {
	_, err := show(t, loadPlugin(t, "goprocess", "held"), map[string]any{"max": 2})
	assert.ErrorContains(t, err, "configuration: *held.Config stays in its module, where its decoder is missing: load the plugin with config.Along()")
	got, err := show(t, loadPlugin(t, "goprocess", "plain"), map[string]any{"max": 2})
	require.NoError(t, err)
	assert.Contains(t, got, `"Max":2`)
}

// TestDecoderVersion: the module's decoder is the host's.
func TestDecoderVersion(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	path, version, _ := strings.Cut(config.Decoder, "@")
	assert.Contains(t, string(mod), path+" "+version+"\n")
}
