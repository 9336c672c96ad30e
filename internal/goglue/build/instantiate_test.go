package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const genericPackage = `package sets

import "time"

// Set is a set.
type Set[T comparable] struct{ M map[T]bool }

// Len is the number of elements.
func (s *Set[T]) Len() int { return len(s.M) }

// Add adds elements.
func (s *Set[T]) Add(elements ...T) { for _, e := range elements { s.M[e] = true } }

type Alias[T comparable] = Set[T]

type Point struct{ X int }

// Of makes a set.
func Of[T comparable, S ~[]T](list S) *Set[T] { return nil }

func Keys[M ~map[K]V, K comparable, V any](m M) []K { return nil }

func Chain[T any, P interface{ ~*T; Reset() }](p P) {}

func Wait[D ~int64](d D) time.Duration { return time.Duration(d) }
`

func looseSource(t *testing.T, text string) find.Source {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o600))
	return find.Source{Kind: find.KindGo, Dir: dir, FS: os.DirFS(dir), Go: &find.GoSource{GoMod: []byte("go 1.24\n")}}
}

func TestBuildInstances(t *testing.T) {
	t.Parallel()
	src := looseSource(t, genericPackage)
	src.Go.Instances = []string{"Alias[Point]", "Keys[map[string]int]", "Of[*Point]", "Of[byte]", "Set[string]", "Wait[time.Duration]"}
	src.Go.Along = []find.Companion{{Alias: "b", Path: "bytes"}}
	var got []string
	for _, s := range buildAPI(t, testBuilder(t), src, t.TempDir()).Symbols {
		if strings.Contains(s.Name, "[") || s.Name == "b.ToUpper" || s.Name == "b.MinRead" {
			got = append(got, strings.TrimSpace(s.Text+" // "+s.Doc+s.Limit))
		}
	}
	want := []string{
		"type Alias[Point] struct{M map[Point]bool} //",
		"func Keys[map[string]int](m map[string]int) []string //",
		"func Of[*Point](list []*Point) *Set[*Point] // Of makes a set.",
		"func Of[byte](list []byte) *Set[byte] // Of makes a set.",
		"type Set[string] struct{M map[string]bool} // Set is a set.",
		"func Wait[time.Duration](d time.Duration) time.Duration //",
		"const b.MinRead untyped int // MinRead is the minimum slice size passed to a Buffer.Read call by Buffer.ReadFrom.",
		"func b.ToUpper(s []byte) []byte // ToUpper returns a copy of the byte slice s with all Unicode letters mapped to their upper case.",
	}
	assert.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"))
}

func TestBuildInstanceMethods(t *testing.T) {
	t.Parallel()
	src := looseSource(t, genericPackage)
	src.Go.Instances = []string{"Set[string]"}
	api := buildAPI(t, testBuilder(t), src, t.TempDir())
	for _, s := range host.NewInstance("sets", api, nil, inflight.Limits{}).Symbols() {
		if s.Name != "Set[string]" {
			continue
		}
		require.Len(t, s.Methods, 2)
		assert.Equal(t, "func (sets.Set[string]) Add(elements ...string)", s.Methods[0].Signature)
		assert.Equal(t, "Len is the number of elements.", s.Methods[1].Doc)
		return
	}
	t.Error("there is no symbol Set[string]")
}

func TestBuildInstancesRefused(t *testing.T) {
	t.Parallel()
	b := testBuilder(t)
	for instance, want := range map[string]string{
		"Of[[]int]":       "Of[[]int] does not compile\n\t[]int does not satisfy comparable",
		"Of[Set[[]int]]":  "Of[Set[[]int]] does not compile\n\t[]int does not satisfy comparable",
		"Wait[string]":    "Wait[string] does not compile\n\tstring does not satisfy ~int64 (string missing in ~int64)",
		"Set[int, int]":   "Set[int, int] does not compile\n\ttoo many type arguments for type Set: have 2, want 1",
		"Point[int]":      "Point[int] does not compile\n\tinvalid operation: Point[int] (sets.Point is not a generic type)",
		"Of[Set]":         "Of[Set] does not compile\n\tcannot use generic type sets.Set[T comparable] without instantiation",
		"Of[point]":       "no symbol point; did you mean Point?",
		"sets.Off[int]":   "no symbol sets.Off; did you mean sets.Of?",
		"nowhere.Of[int]": "nowhere.Of[int] does not compile: no package is named nowhere\n\tname the import path that you mean by load.Along, or by -with in the command",
	} {
		src := looseSource(t, genericPackage)
		src.Go.Instances = []string{instance}
		err := b.Build(t.Context(), src, t.TempDir())
		assert.EqualError(t, err, want, instance)
	}
	src := looseSource(t, genericPackage)
	src.Go.Along = []find.Companion{{Path: "net/http/internal"}}
	var compile *engine.CompileError
	err := b.Build(t.Context(), src, t.TempDir())
	require.ErrorAsf(t, err, &compile, "got %v", err)
	assert.Truef(t, strings.HasPrefix(compile.Reason, "companion net/http/internal: it is an internal package"), "got %v", err)
}

func TestExampleArguments(t *testing.T) {
	t.Parallel()
	src := looseSource(t, genericPackage)
	got := map[string]string{}
	for _, s := range buildAPI(t, testBuilder(t), src, t.TempDir()).Symbols {
		_, got[s.Name], _ = strings.Cut(s.Limit, "as in ")
	}
	for symbol, want := range map[string]string{
		"Set": "Set[int]", "Alias": "Alias[int]", "Of": "Of[int]", "Keys": "Keys[map[int]string]", "Chain": "Chain[int, string]", "Wait": "Wait[int64]", "Point": "",
	} {
		assert.Equal(t, want, got[symbol])
	}
}
