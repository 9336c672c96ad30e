package standard_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadgo/load"
)

// callbacks are packages that call functions and interfaces of the host.
var callbacks = []binding{
	{"github.com/samber/lo@v1.53.0", nil, []string{
		"Map[int, string]", "Filter[string]", "Reduce[int, int]", "GroupBy[string, int]", "KeyBy[string, int]", "Find[int]",
		"ForEach[int]", "SomeBy[int]", "Associate[string, string, int]",
	}, func(b *bound) {
		b.call("Map", "[1! 2!]", func() any {
			return fn[func([]int, func(int, int) string) []string](b, "Map[int, string]")([]int{1, 2}, func(n, _ int) string { return fmt.Sprint(n, "!") })
		})
		b.call("Filter", "[a]", func() any {
			return fn[func([]string, func(string, int) bool) []string](b, "Filter[string]")([]string{"a", "bb"}, func(s string, _ int) bool { return len(s) == 1 })
		})
		b.call("Reduce", "6", func() any {
			return fn[func([]int, func(int, int, int) int, int) int](b, "Reduce[int, int]")([]int{1, 2, 3}, func(sum, n, _ int) int { return sum + n }, 0)
		})
		b.call("GroupBy", "map[1:[a c] 2:[bb]]", func() any {
			return fn[func([]string, func(string) int) map[int][]string](b, "GroupBy[string, int]")([]string{"a", "bb", "c"}, func(s string) int { return len(s) })
		})
		b.call("KeyBy", "map[k1:1 k2:2]", func() any {
			return fn[func([]int, func(int) string) map[string]int](b, "KeyBy[string, int]")([]int{1, 2}, func(n int) string { return fmt.Sprint("k", n) })
		})
		b.call("Find", "4 true", func() any {
			n, ok := fn[func([]int, func(int) bool) (int, bool)](b, "Find[int]")([]int{3, 4}, func(n int) bool { return n%2 == 0 })
			return fmt.Sprint(n, " ", ok)
		})
		b.call("ForEach", "[5 6]", func() any {
			var seen []int
			fn[func([]int, func(int, int))](b, "ForEach[int]")([]int{5, 6}, func(n, _ int) { seen = append(seen, n) })
			return seen
		})
		b.call("SomeBy", "true", func() any {
			return fn[func([]int, func(int) bool) bool](b, "SomeBy[int]")([]int{1}, func(n int) bool { return n == 1 })
		})
		b.call("Associate", "map[a:1]", func() any {
			return fn[func([]string, func(string) (string, int)) map[string]int](b, "Associate[string, string, int]")([]string{"a"}, func(s string) (string, int) { return s, len(s) })
		})
	}},
	{"github.com/google/btree@v1.1.3", nil, []string{"NewG[string]", "NewOrderedG[int]"}, func(b *bound) {
		b.call("NewG with less, Ascend", "[c b a]", func() any {
			tree := fn[func(int, func(a, b string) bool) *load.Object](b, "NewG[string]")(2, func(a, b string) bool { return cmp.Less(b, a) })
			insert := method[func(string) (string, bool)](tree, "ReplaceOrInsert")
			for _, s := range []string{"a", "c", "b"} {
				insert(s)
			}
			var seen []string
			method[func(func(string) bool)](tree, "Ascend")(func(s string) bool { seen = append(seen, s); return true })
			return seen
		})
		b.call("AscendRange", "[2 3]", func() any {
			tree := fn[func(int) *load.Object](b, "NewOrderedG[int]")(2)
			for n := range 5 {
				method[func(int) (int, bool)](tree, "ReplaceOrInsert")(n)
			}
			var seen []int
			method[func(int, int, func(int) bool)](tree, "AscendRange")(2, 4, func(n int) bool { seen = append(seen, n); return true })
			return seen
		})
	}},
	{"github.com/hashicorp/golang-lru/v2@v2.0.7", nil, []string{"NewWithEvict[string, int]"}, func(b *bound) {
		b.call("NewWithEvict", "[a=1] [b c] true", func() any {
			var evicted []string
			cache, err := fn[func(int, func(string, int)) (*load.Object, error)](b, "NewWithEvict[string, int]")(2, func(k string, v int) { evicted = append(evicted, fmt.Sprint(k, "=", v)) })
			if err != nil {
				return err
			}
			for i, k := range []string{"a", "b", "c"} {
				method[func(string, int) bool](cache, "Add")(k, i+1)
			}
			_, ok := method[func(string) (int, bool)](cache, "Get")("c")
			return fmt.Sprint(evicted, " ", method[func() []string](cache, "Keys")(), " ", ok)
		})
	}},
	{"github.com/patrickmn/go-cache@v2.1.0+incompatible", nil, nil, func(b *bound) {
		b.call("OnEvicted", "k v", func() any {
			cache := fn[func(int64, int64) *load.Object](b, "New")(0, 0)
			said := ""
			method[func(func(string, any))](cache, "OnEvicted")(func(k string, v any) { said = fmt.Sprint(k, " ", v) })
			method[func(string, any, int64)](cache, "Set")("k", "v", -1)
			method[func(string)](cache, "Delete")("k")
			return said
		})
		b.call("Get", "[1 2] true", func() any {
			cache := fn[func(int64, int64) *load.Object](b, "New")(-1, 0)
			method[func(string, any, int64)](cache, "Set")("k", []int{1, 2}, -1)
			v, ok := method[func(string) (any, bool)](cache, "Get")("k")
			return fmt.Sprint(v, " ", ok)
		})
	}},
	{"github.com/expr-lang/expr@v1.17.8", nil, nil, func(b *bound) {
		b.call("Function", "HI 2", func() any {
			function := fn[func(string, func(...any) (any, error)) *load.Object](b, "Function")("shout", func(args ...any) (any, error) {
				return strings.ToUpper(args[0].(string)) + fmt.Sprint(" ", len(args)), nil
			})
			program, err := fn[func(string, ...*load.Object) (*load.Object, error)](b, "Compile")(`shout("hi", 1)`, function)
			if err != nil {
				return err
			}
			return pair(fn[func(*load.Object, any) (any, error)](b, "Run")(program, nil))
		})
		b.call("functions in the environment", "42", func() any {
			return pair(fn[func(string, any) (any, error)](b, "Eval")("double(21)", map[string]any{"double": func(n int) int { return 2 * n }}))
		})
		b.call("a struct as environment", "true", func() any {
			return pair(fn[func(string, any) (any, error)](b, "Eval")(`host == "h" and len(Ports) == 2`, server{Host: "h", Ports: []int{1, 2}}))
		})
	}},
	{"github.com/robfig/cron/v3@v3.0.1", nil, nil, func(b *bound) {
		b.call("AddFunc and Entry.Job.Run", "1 true", func() any {
			ran := false
			c := fn[func() *load.Object](b, "New")()
			id, err := method[func(string, func()) (int, error)](c, "AddFunc")("@every 1h", func() { ran = true })
			if err != nil {
				return err
			}
			entries, err := c.Call(b.Context(), "Entries")
			if err != nil {
				return err
			}
			job, err := entries[0].([]*load.Object)[0].Field(b.Context(), "Job")
			if err != nil {
				return err
			}
			method[func()](job.(*load.Object), "Run")()
			return fmt.Sprint(id, " ", ran)
		})
	}},
	{"github.com/pkg/errors@v0.9.1", nil, nil, func(b *bound) {
		b.call("Wrap the host's error", "outer: EOF true true", func() any {
			err := fn[func(error, string) error](b, "Wrap")(io.EOF, "outer")
			return fmt.Sprint(err, " ", errors.Is(err, io.EOF), " ", fn[func(error, error) bool](b, "Is")(err, io.EOF))
		})
		b.call("Cause is the host's own error", "true", func() any {
			own := errors.New("own")
			return fn[func(error) error](b, "Cause")(fn[func(error, string) error](b, "Wrap")(own, "x")) == own
		})
	}},
	{"github.com/hashicorp/go-multierror@v1.1.0", nil, nil, func(b *bound) {
		b.call("Append and WrappedErrors", "2 true", func() any {
			e := fn[func(error, ...error) *load.Object](b, "Append")(errors.New("a"), io.EOF)
			all := method[func() []error](e, "WrappedErrors")()
			return fmt.Sprint(len(all), " ", errors.Is(all[1], io.EOF))
		})
		b.call("ErrorOrNil", "1 error occurred:\n\t* a\n\n", func() any {
			return method[func() error](fn[func(error, ...error) *load.Object](b, "Append")(nil, errors.New("a")), "ErrorOrNil")()
		})
	}},
	{"github.com/golang-jwt/jwt/v5@v5.3.1", nil, nil, func(b *bound) {
		key := []byte("k")
		token := func() (string, error) {
			claims := fn[func(map[string]any) *load.Object](b, "MapClaims")(map[string]any{"sub": "ann", "exp": 4102444800})
			t := fn[func(*load.Object, *load.Object, ...*load.Object) *load.Object](b, "NewWithClaims")(value[*load.Object](b, "SigningMethodHS256"), claims)
			return method[func(any) (string, error)](t, "SignedString")(key)
		}
		parse := func(key []byte) (*load.Object, error) {
			text, err := token()
			if err != nil {
				return nil, err
			}
			return fn[func(string, func(*load.Object) (any, error)) (*load.Object, error)](b, "Parse")(text, func(*load.Object) (any, error) { return key, nil })
		}
		b.call("Parse with a key function", "true ann", func() any {
			t, err := parse(key)
			if err != nil {
				return err
			}
			valid, _ := t.Field(b.Context(), "Valid")
			claims, _ := t.Field(b.Context(), "Claims")
			return fmt.Sprint(valid, " ", pair(method[func() (string, error)](claims.(*load.Object), "GetSubject")()))
		})
		b.call("Parse with a wrong key", "true", func() any {
			_, err := parse([]byte("other"))
			return errors.Is(err, value[error](b, "ErrTokenSignatureInvalid"))
		})
	}},
	{"github.com/lithammer/fuzzysearch/fuzzy@v1.1.8", nil, nil, func(b *bound) {
		b.call("RankFind into the host's own type", "[wheel 2]", func() any {
			ranks := fn[func(string, []string) []struct {
				Target   string
				Distance int
			}](b, "RankFind")("whl", []string{"wheel"})
			return slices.Collect(func(yield func(string) bool) {
				for _, r := range ranks {
					yield(fmt.Sprint(r.Target, " ", r.Distance))
				}
			})
		})
	}},
}
