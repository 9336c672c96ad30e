package standard_test

import (
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// server is a host's own configuration, with the tags of every decoder below.
type server struct {
	Host    string            `yaml:"host" toml:"host" json:"host" mapstructure:"host" cbor:"host" validate:"required,hostname" valid:"host,required" expr:"host"`
	Ports   []int             `yaml:"ports" toml:"ports" json:"ports" mapstructure:"ports" cbor:"ports" validate:"min=1,dive,gt=0" valid:"-"`
	Labels  map[string]string `yaml:"labels,omitempty" toml:"labels,omitempty" json:"labels,omitempty" mapstructure:"labels" cbor:"labels" valid:"-"`
	Timeout time.Duration     `yaml:"timeout" toml:"-" json:"timeout" mapstructure:"timeout" cbor:"timeout" valid:"-"`
	Inner   *server           `yaml:"inner,omitempty" toml:"inner,omitempty" json:"inner,omitempty" mapstructure:"inner" cbor:"inner" valid:"-"`
}

func (s server) String() string {
	if s.Inner != nil {
		return fmt.Sprintf("%s %v %v %v (%v)", s.Host, s.Ports, s.Labels, s.Timeout, *s.Inner)
	}
	return fmt.Sprintf("%s %v %v %v", s.Host, s.Ports, s.Labels, s.Timeout)
}

// decoders are packages that read and write the host's own types.
var decoders = []binding{
	{"gopkg.in/yaml.v3@v3.0.1", nil, nil, func(b *bound) {
		const text = "host: h\nports: [1, 2]\nlabels: {a: b}\ntimeout: 3s\ninner: {host: i}\n"
		b.call("Unmarshal into a struct", "h [1 2] map[a:b] 3s (i [] map[] 0s)", func() any {
			var s server
			err := fn[func([]byte, any) error](b, "Unmarshal")([]byte(text), &s)
			return pair(s, err)
		})
		b.call("Unmarshal into a map", "map[a:[1 x]]", func() any {
			var v map[string]any
			err := fn[func([]byte, any) error](b, "Unmarshal")([]byte("a: [1, x]"), &v)
			return pair(v, err)
		})
		b.call("Unmarshal a wrong type", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `x` into int true", func() any {
			err := fn[func([]byte, any) error](b, "Unmarshal")([]byte("ports: [x]"), new(server))
			_, typed := engine.AsType(err, "*yaml.TypeError")
			return fmt.Sprint(err, " ", typed)
		})
		b.call("Marshal a struct", "host: h\nports:\n    - 1\ntimeout: 1s\n", func() any {
			out, err := fn[func(any) ([]byte, error)](b, "Marshal")(server{Host: "h", Ports: []int{1}, Timeout: time.Second})
			return pair(string(out), err)
		})
		b.call("Node.Decode", "h [] map[] 0s", func() any {
			node := fn[func(struct{}) *load.Object](b, "*Node")(struct{}{})
			var s server
			err := errors.Join(fn[func([]byte, any) error](b, "Unmarshal")([]byte("host: h"), node), method[func(any) error](node, "Decode")(&s))
			return pair(s, err)
		})
	}},
	{"github.com/BurntSushi/toml@v1.6.0", nil, nil, func(b *bound) {
		b.call("Decode", "h [1 2] map[a:b] 0s [[host] [ports] [labels] [labels a]]", func() any {
			var s server
			meta, err := fn[func(string, any) (*load.Object, error)](b, "Decode")("host = \"h\"\nports = [1, 2]\n[labels]\na = \"b\"\n", &s)
			if err != nil {
				return err
			}
			return fmt.Sprint(s, " ", method[func() [][]string](meta, "Keys")())
		})
		b.call("Decode a wrong type", "toml: line 1 (last key \"host\"): incompatible types: TOML value has type int64; destination has type string", func() any {
			_, err := fn[func(string, any) (*load.Object, error)](b, "Decode")("host = 1", new(server))
			return err
		})
		b.call("Marshal", "host = \"h\"\nports = [1]\n", func() any {
			out, err := fn[func(any) ([]byte, error)](b, "Marshal")(server{Host: "h", Ports: []int{1}})
			return pair(string(out), err)
		})
	}},
	{"github.com/pelletier/go-toml/v2@v2.4.3", nil, nil, func(b *bound) {
		b.call("Unmarshal", "h [1] map[a:b] 0s", func() any {
			var s server
			err := fn[func([]byte, any) error](b, "Unmarshal")([]byte("host = 'h'\nports = [1]\nlabels = {a = 'b'}"), &s)
			return pair(s, err)
		})
		b.call("DecodeError.Position", "1 8", func() any {
			err := fn[func([]byte, any) error](b, "Unmarshal")([]byte("host = 1"), new(server))
			typed, ok := engine.AsType(err, "*toml.DecodeError")
			if !ok {
				return fmt.Sprintf("%T %v", err, err)
			}
			row, column := method[func() (int, int)](typed.Object, "Position")()
			return fmt.Sprint(row, " ", column)
		})
	}},
	{"github.com/mitchellh/mapstructure@v1.5.0", nil, nil, func(b *bound) {
		input := map[string]any{"host": "h", "ports": []any{1, 2}, "labels": map[string]any{"a": "b"}, "inner": map[string]any{"host": "i"}}
		b.call("Decode", "h [1 2] map[a:b] 0s (i [] map[] 0s)", func() any {
			var s server
			err := fn[func(any, any) error](b, "Decode")(input, &s)
			return pair(s, err)
		})
		b.call("WeakDecode", "7 [5] map[] 0s", func() any {
			var s server
			err := fn[func(any, any) error](b, "WeakDecode")(map[string]any{"host": 7, "ports": "5"}, &s)
			return pair(s, err)
		})
		b.call("Decode into a map", "map[host:h inner:<nil> labels:map[] ports:[1] timeout:0s]", func() any {
			out := map[string]any{}
			err := fn[func(any, any) error](b, "Decode")(server{Host: "h", Ports: []int{1}}, &out)
			return pair(out, err)
		})
	}},
	{"github.com/fxamacker/cbor/v2@v2.9.6", nil, nil, func(b *bound) {
		b.call("Marshal and Unmarshal", "h [1] map[a:b] 2s (i [] map[] 0s)", func() any {
			data, err := fn[func(any) ([]byte, error)](b, "Marshal")(server{"h", []int{1}, map[string]string{"a": "b"}, 2 * time.Second, &server{Host: "i"}})
			if err != nil {
				return err
			}
			var s server
			err = fn[func([]byte, any) error](b, "Unmarshal")(data, &s)
			return pair(s, err)
		})
		b.call("Unmarshal into any", "map[a:[1 2]]", func() any {
			data, err := fn[func(any) ([]byte, error)](b, "Marshal")(map[string]any{"a": []int{1, 2}})
			var v map[string]any
			err = errors.Join(err, fn[func([]byte, any) error](b, "Unmarshal")(data, &v))
			return pair(v, err)
		})
	}},
	{"github.com/go-playground/validator/v10@v10.30.6", nil, nil, func(b *bound) {
		validate := func(s server) error {
			v := fn[func() *load.Object](b, "New")()
			return method[func(any) error](v, "Struct")(s)
		}
		b.call("Struct, right", "<nil>", func() any { return validate(server{Host: "a.b", Ports: []int{1}}) })
		b.call("Struct, wrong", "Key: 'server.Host' Error:Field validation for 'Host' failed on the 'required' tag", func() any { return validate(server{Ports: []int{1}}) })
	}},
	{"github.com/shopspring/decimal@v1.6.0", nil, nil, func(b *bound) {
		b.call("NewFromBigInt", "1.23", func() any {
			return fn[func(*big.Int, int32) *load.Object](b, "NewFromBigInt")(big.NewInt(123), -2)
		})
		b.call("BigInt", "7", func() any {
			o := fn[func(int64) *load.Object](b, "NewFromInt")(7)
			return method[func() *big.Int](o, "BigInt")()
		})
		b.call("Rat", "5/2", func() any {
			o := fn[func(float64) *load.Object](b, "NewFromFloat")(2.5)
			return method[func() *big.Rat](o, "Rat")()
		})
	}},
	{"github.com/google/uuid@v1.6.0", nil, nil, func(b *bound) {
		b.call("Parse as an array", "[107 167 184 16 157 173 17 209 128 180 0 192 79 212 48 200]", func() any {
			id, err := fn[func(string) ([16]byte, error)](b, "Parse")("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
			return pair(id, err)
		})
		b.call("Scan", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", func() any {
			id := fn[func([16]byte) *load.Object](b, "*UUID")([16]byte{})
			err := method[func(any) error](id, "Scan")("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
			return pair(id, err)
		})
	}},
}
