package workspace

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIncludes: whatever the assembler would include is named, or refused where a macro makes it.
func TestIncludes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"#include \"textflag.h\"\nTEXT ·F(SB),4,$0\n":                         {"textflag.h"},
		" /* a */ # /* b */ include /* c */ \"a.h\"":                          {"a.h"},
		"#ifdef x\n#else\n#include \"a\\x62.h\"\n#endif\n#undef x":            {"ab.h"},
		"#define m \\\n#include \"/etc/passwd\"\nm\n":                         {"/etc/passwd"},
		"#define m(x) x\nm(#include \"/etc/passwd\")\n":                       {"/etc/passwd"},
		"// #include x\n/* # */ DATA s<>+0(SB)/8, $\"#include\" '#'\n#line 1": nil,
	} {
		names, odd := includes(text)
		assert.Equal(t, want, names, text)
		assert.Empty(t, odd, text)
	}
	for text, want := range map[string]string{
		"#define m(x) \\\n#include x\nm(\"/etc/passwd\")\n":          "#include",
		"#define m(d, x) \\\n#d x\nm(include, \"/etc/passwd\")\n":    "#d",
		"#define m(h) \\\n h include \"/etc/passwd\"\nm(#)\n":        "#)",
		"#define h #\n#define m \\\n h include \"/etc/passwd\"\nm\n": "##",
		"#define m \\\n#\\\ninclude \"/etc/passwd\"\nm\n":            `#\`,
		"#include /* x */ <a.h>":                                     "#include",
		"#include":                                                   "#include",
		"#":                                                          "#",
	} {
		_, odd := includes(text)
		assert.Equal(t, want, odd, text)
	}
}
