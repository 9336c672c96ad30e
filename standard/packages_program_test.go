package standard_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loadgo/load"
)

// programs are packages that programs are built of: commands, flags, settings, tables.
var programs = []binding{
	{"github.com/spf13/cobra@v1.10.2", nil, nil, func(b *bound) {
		type command struct {
			Use, Short string
			Run        func(cmd *load.Object, args []string)
			RunE       func(cmd *load.Object, args []string) error
		}
		run := func(c command, args ...string) (string, error) {
			cmd := fn[func(command) *load.Object](b, "*Command")(c)
			var out bytes.Buffer
			method[func(io.Writer)](cmd, "SetOut")(&out)
			method[func(io.Writer)](cmd, "SetErr")(&out)
			method[func([]string)](cmd, "SetArgs")(args)
			err := method[func() error](cmd, "Execute")()
			return out.String(), err
		}
		b.call("Execute runs the host's function", "[a b]", func() any {
			var seen []string
			_, err := run(command{Use: "x", Run: func(_ *load.Object, args []string) { seen = args }}, "a", "b")
			return pair(seen, err)
		})
		b.call("Execute returns the host's error", "true", func() any {
			_, err := run(command{Use: "x", RunE: func(*load.Object, []string) error { return io.ErrUnexpectedEOF }})
			return err == io.ErrUnexpectedEOF
		})
		b.call("help into the host's writer", "true", func() any {
			out, err := run(command{Use: "x", Short: "does it", Run: func(*load.Object, []string) {}}, "--help")
			return err == nil && strings.HasPrefix(out, "does it\n\nUsage:\n  x [flags]\n")
		})
		b.call("Flags", "5", func() any {
			var n any
			cmd := fn[func(command) *load.Object](b, "*Command")(command{Use: "x", Run: func(cmd *load.Object, _ []string) {
				flags := method[func() *load.Object](cmd, "Flags")()
				n = pair(method[func(string) (int, error)](flags, "GetInt")("n"))
			}})
			method[func(string, string, int, string) *int](method[func() *load.Object](cmd, "Flags")(), "IntP")("n", "n", 1, "count")
			method[func([]string)](cmd, "SetArgs")([]string{"--n=5"})
			if err := method[func() error](cmd, "Execute")(); err != nil {
				return err
			}
			return n
		})
		b.call("AddCommand", "sub", func() any {
			name := ""
			root := fn[func(command) *load.Object](b, "*Command")(command{Use: "root"})
			sub := fn[func(command) *load.Object](b, "*Command")(command{Use: "sub", Run: func(cmd *load.Object, _ []string) { name = method[func() string](cmd, "Name")() }})
			method[func(...*load.Object)](root, "AddCommand")(sub)
			method[func([]string)](root, "SetArgs")([]string{"sub"})
			return pair(name, method[func() error](root, "Execute")())
		})
	}},
	{"github.com/spf13/pflag@v1.0.10", nil, nil, func(b *bound) {
		b.call("Parse and Get", "7 x [rest]", func() any {
			set := fn[func(string, int) *load.Object](b, "NewFlagSet")("p", 0)
			method[func(string, int, string) *int](set, "Int")("n", 1, "")
			method[func(string, string, string) *string](set, "String")("s", "", "")
			if err := method[func([]string) error](set, "Parse")([]string{"--n", "7", "--s=x", "rest"}); err != nil {
				return err
			}
			n, err := method[func(string) (int, error)](set, "GetInt")("n")
			s, _ := method[func(string) (string, error)](set, "GetString")("s")
			return pair(fmt.Sprint(n, " ", s, " ", method[func() []string](set, "Args")()), err)
		})
		b.call("VisitAll", "[a b]", func() any {
			set := fn[func(string, int) *load.Object](b, "NewFlagSet")("p", 0)
			method[func(string, bool, string) *bool](set, "Bool")("b", false, "")
			method[func(string, bool, string) *bool](set, "Bool")("a", false, "")
			var names []string
			method[func(func(*load.Object))](set, "VisitAll")(func(f *load.Object) {
				name, _ := f.Field(b.Context(), "Name")
				names = append(names, name.(string))
			})
			return names
		})
	}},
	{"github.com/spf13/viper@v1.21.0", nil, nil, func(b *bound) {
		config := func() *load.Object {
			v := fn[func() *load.Object](b, "New")()
			method[func(string)](v, "SetConfigType")("yaml")
			if err := method[func(io.Reader) error](v, "ReadConfig")(strings.NewReader("host: h\nports: [1, 2]\ntimeout: 3s\nlabels: {a: b}\n")); err != nil {
				panic(err)
			}
			return v
		}
		b.call("GetString", "h", func() any { return method[func(string) string](config(), "GetString")("host") })
		b.call("GetDuration", "3s", func() any { return method[func(string) time.Duration](config(), "GetDuration")("timeout") })
		b.call("GetIntSlice", "[1 2]", func() any { return method[func(string) []int](config(), "GetIntSlice")("ports") })
		b.call("GetStringMapString", "map[a:b]", func() any { return method[func(string) map[string]string](config(), "GetStringMapString")("labels") })
		b.call("Get", "b", func() any { return method[func(string) any](config(), "Get")("labels.a") })
		b.call("SetDefault and IsSet", "9 true", func() any {
			v := config()
			method[func(string, any)](v, "SetDefault")("x", 9)
			return fmt.Sprint(method[func(string) int](v, "GetInt")("x"), " ", method[func(string) bool](v, "IsSet")("x"))
		})
		b.call("Unmarshal", "h [1 2] map[a:b] 3s", func() any {
			var s server
			err := method[func(any, ...*load.Object) error](config(), "Unmarshal")(&s)
			return pair(s, err)
		})
		b.call("AllSettings", "map[host:h labels:map[a:b] ports:[1 2] timeout:3s]", func() any { return method[func() map[string]any](config(), "AllSettings")() })
		b.call("Sub", "b", func() any {
			return method[func(string) string](method[func(string) *load.Object](config(), "Sub")("labels"), "GetString")("a")
		})
	}},
	{"github.com/olekukonko/tablewriter@v1.1.5", nil, nil, func(b *bound) {
		b.call("NewWriter, Append and Render", "true", func() any {
			var out bytes.Buffer
			table := fn[func(io.Writer) *load.Object](b, "NewWriter")(&out)
			method[func(...any)](table, "Header")("a", "b")
			if err := method[func(...any) error](table, "Append")([]string{"1", "2"}); err != nil {
				return err
			}
			if err := method[func() error](table, "Render")(); err != nil {
				return err
			}
			return strings.Contains(out.String(), "│ 1 │ 2 │")
		})
	}},
	{"github.com/google/go-cmp/cmp@v0.7.0", nil, nil, func(b *bound) {
		b.call("Equal with a comparer of the host", "true", func() any {
			same := fn[func(any) *load.Object](b, "Comparer")(func(a, b int) bool { return a%10 == b%10 })
			return fn[func(any, any, ...*load.Object) bool](b, "Equal")(1, 11, same)
		})
		b.call("Diff of the host's structs", "true", func() any {
			diff := fn[func(any, any, ...*load.Object) string](b, "Diff")(server{Host: "a"}, server{Host: "b"})
			return strings.Contains(diff, `Host:`) && strings.Contains(diff, `"a"`)
		})
	}},
	{"github.com/tidwall/gjson@v1.20.0", nil, nil, func(b *bound) {
		b.call("ForEach", "[a=1 b=x]", func() any {
			result := fn[func(string) *load.Object](b, "Parse")(`{"a":1,"b":"x"}`)
			var seen []string
			method[func(func(k, v *load.Object) bool)](result, "ForEach")(func(k, v *load.Object) bool {
				seen = append(seen, fmt.Sprint(k, "=", v))
				return true
			})
			return seen
		})
		b.call("AddModifier", "X", func() any {
			fn[func(string, func(json, arg string) string)](b, "AddModifier")("upper", func(json, _ string) string { return strings.ToUpper(json) })
			return fn[func(string, string) *load.Object](b, "Get")(`{"a":"x"}`, "a|@upper")
		})
	}},
	{"github.com/itchyny/gojq@v0.12.20", nil, nil, func(b *bound) {
		b.call("WithFunction", "[3 6]", func() any {
			query, err := fn[func(string) (*load.Object, error)](b, "Parse")(".[] | triple")
			if err != nil {
				return err
			}
			option := fn[func(string, int, int, func(any, []any) any) *load.Object](b, "WithFunction")("triple", 0, 0, func(v any, _ []any) any { return 3 * v.(int) })
			code, err := fn[func(*load.Object, ...*load.Object) (*load.Object, error)](b, "Compile")(query, option)
			if err != nil {
				return err
			}
			iter := method[func(any, ...any) *load.Object](code, "Run")([]any{1, 2})
			var all []any
			for {
				v, ok := method[func() (any, bool)](iter, "Next")()
				if !ok {
					return all
				}
				all = append(all, v)
			}
		})
	}},
}
