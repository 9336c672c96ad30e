package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sample = `package words_test

import (
	"fmt"
	"testing"

	"example.com/app/words"
	"example.com/app/words/internal/hidden"
)

func TestHidden(t *testing.T) { hidden.Call() }

func ExampleUpper() {
	fmt.Println(words.Upper("a"))
	// Output: A
}

func ExampleLower() {
	show(words.Lower("A"))
	// Output: a
}

func ExampleTitle() {
	show(words.Title("a"))
	// Output: A
}

func ExampleHelped() {
	helped()
	// Output: a
}

func ExampleLast() {
	fmt.Println(words.Last("ab"))
	// Output: b
}

func ExampleUpper_silent() { words.Upper("a") }
`

const helpers = `package words_test

import (
	"fmt"

	"example.com/app/words"
)

func show(s string) { fmt.Println(s) }

func helped() { show(words.Title("a")) }
`

func TestExamples(t *testing.T) {
	m := Module{t.TempDir(), append(os.Environ(), "GOFLAGS=-mod=mod")}
	for name, text := range map[string]string{
		"go.mod":                   "module example.com/app\n\ngo 1.26\n",
		"words/words_test.go":      sample,
		"words/help_test.go":       helpers,
		"words/internal_test.go":   "package words_test\n\nfunc unrelated() { words.Nothing() }\n",
		"words/internal/hidden.go": "package hidden\n\nfunc Call() {}\n",
		"words/words.go": "package words\n\nimport \"strings\"\n\nfunc Upper(s string) string { return strings.ToUpper(s) }\n" +
			"func Lower(s string) string { return strings.ToLower(s) }\nfunc Title(s string) string { return strings.ToUpper(s) }\nfunc Last(s string) string { return s[len(s)-1:] }\n",
		"stub/words.go": "package words\n\nfunc Upper(s string) string { return s }\nfunc Lower(s string) string { panic(s) }\nfunc Last(s string) string { return s[len(s)-1:] }\n",
	} {
		path := filepath.Join(m.Dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	s, err := Read(filepath.Join(m.Dir, "words"), []string{"internal_test.go", "help_test.go", "words_test.go"})
	require.NoError(t, err)
	all := []string{"ExampleUpper", "ExampleLower", "ExampleTitle", "ExampleHelped", "ExampleLast"}
	assert.Equal(t, all, s.Examples)
	native, err := s.Compile(t.Context(), m, "native", func(path string) string { return path }, "")
	require.NoError(t, err)
	assert.Empty(t, native.Refused)
	failed := native.Run(t.Context(), s.Examples)
	assert.Len(t, failed, 1)
	assert.Contains(t, failed["ExampleHelped"], "--- FAIL: ExampleHelped")
	led, err := s.Compile(t.Context(), m, "led", func(path string) string { return strings.Replace(path, "app/words", "app/stub", 1) }, "")
	require.NoError(t, err)
	failed = led.Run(t.Context(), s.Examples)
	assert.Len(t, failed, 4)
	assert.Contains(t, failed["ExampleUpper"], "got:\na\nwant:\nA\n")
	assert.Contains(t, failed["ExampleLower"], "panic: A")
	assert.Equal(t, "undefined: words.Title", failed["ExampleTitle"])
	assert.Equal(t, "undefined: words.Title", failed["ExampleHelped"])
}
