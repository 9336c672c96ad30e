package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/middleware/config"
)

// TestPlainValues: whatever the format, a value is of the same type.
func TestPlainValues(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		"i": int64(7), "big": int64(9007199254740993), "f": 1.5, "b": true, "s": "x", "list": []any{int64(1), "a"},
		"map": map[string]any{"k": []any{map[string]any{"n": int64(1)}}}, "at": "2026-11-28T10:00:00Z", "on": "2026-11-28",
	}
	for format, got := range map[string]func() (map[string]any, error){
		"yaml": func() (map[string]any, error) {
			return config.YAML([]byte("i: 7\nbig: 9007199254740993\nf: 1.5\nb: true\ns: x\nlist: [1, a]\n" +
				"map: &m {k: [{n: 1}]}\nat: 2026-11-28T10:00:00Z\non: 2026-11-28"))
		},
		"toml": func() (map[string]any, error) {
			return config.TOML([]byte("i = 7\nbig = 9007199254740993\nf = 1.5\nb = true\ns = 'x'\nlist = [1, 'a']\n" +
				"at = 2026-11-28T10:00:00Z\non = 2026-11-28\n[[map.k]]\nn = 1"))
		},
		"json": func() (map[string]any, error) {
			return config.JSON([]byte(`{"i": 7, "big": 9007199254740993, "f": 1.5, "b": true, "s": "x", "list": [1, "a"],
				"map": {"k": [{"n": 1}]}, "at": "2026-11-28T10:00:00Z", "on": "2026-11-28"}`))
		},
	} {
		values, err := got()
		require.NoError(t, err, format)
		assert.Equal(t, want, values, format)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for text, parse := range map[string]func([]byte) (map[string]any, error){
		"a: 1\na: 2": config.YAML, "- a": config.YAML, "a: [": config.YAML, "a = ": config.TOML, "a = 1\na = 2": config.TOML,
		`{"a": 1} {}`: config.JSON, `[1]`: config.JSON, `{"a": 1`: config.JSON,
	} {
		_, err := parse([]byte(text))
		assert.Error(t, err, text)
	}
	_, err := config.ReadFile("testdata/plain/go.mod")
	assert.EqualError(t, err, "testdata/plain/go.mod: unknown format: name it .yaml, .yml, .toml or .json")
}

// TestNumbers: a number that the field does not hold is refused, not cut.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"n": 300}`, `{"n": -129}`, `{"n": 99999999999999999999}`, `{"n": "300"}`, `{"n": 1.5}`} {
		values, err := config.JSON([]byte(text))
		require.NoError(t, err)
		var target struct{ N int8 }
		assert.Error(t, config.Decode(values, &target), "%s gave %d", text, target.N)
	}
	var target struct {
		N int8
		U *uint8
		F float32
	}
	require.NoError(t, config.Decode(map[string]any{"n": -128, "u": 255, "f": 1e3}, &target))
	assert.Equal(t, int8(-128), target.N)
	assert.Equal(t, uint8(255), *target.U)
	assert.Equal(t, float32(1000), target.F)
}

// TestDecode: a host's own configuration is decoded by the same rules.
func TestDecode(t *testing.T) {
	t.Parallel()
	var target struct {
		Per   time.Duration
		List  []int
		Bytes []byte
		At    time.Time
		Any   any
	}
	values := map[string]any{"PER": "2s", "list": "1, 2", "bytes": "ab", "at": "2026-11-28T10:00:00Z", "any": "1,2"}
	require.NoError(t, config.Decode(values, &target))
	assert.Equal(t, 2*time.Second, target.Per)
	assert.Equal(t, []int{1, 2}, target.List)
	assert.Equal(t, []byte("ab"), target.Bytes)
	assert.Equal(t, time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), target.At)
	assert.Equal(t, "1,2", target.Any)
	assert.EqualError(t, config.Decode(map[string]any{"pre": "1s"}, &target), "no field pre; did you mean Per?")
	assert.Error(t, config.Decode(map[string]any{"bytes": "a,b"}, &target), "a text with commas is a list")
}

func TestManifests(t *testing.T) {
	t.Parallel()
	m, err := config.ParseManifest([]byte("import: example.com/p/sub\ntype: middleware\nruntime: yaegi\nbasePkg: p\nbannerPath: b.png"))
	require.NoError(t, err)
	assert.Equal(t, &config.Manifest{Type: "middleware", Import: "example.com/p/sub"}, m)
	for text, want := range map[string]string{
		"type: provider\nimport: a.b/c":         "it is a plugin of type provider, not a middleware",
		"type: middleware\nruntime: wasm":       "it is made for the runtime wasm, not written in Go",
		"type: middleware":                      "it has no import, the path of its package",
		"import: ../elsewhere":                  "import: malformed import path",
		"import: a.b/c\ntestData: [list, of]\n": "'TestData[0]' expected type",
		"- a list":                              "cannot unmarshal",
	} {
		_, err := config.ParseManifest([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}
