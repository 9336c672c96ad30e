package wasmbytes_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/wasmbytes"
)

type packed struct {
	Name  string         `msgpack:"name"`
	Count int            `msgpack:"count"`
	More  map[string]any `msgpack:"more,omitempty"`
}

type both struct {
	Name string `json:"name" msgpack:"n"`
}

type list struct {
	_msgpack struct{} `msgpack:",as_array"`
	Name     string
	Count    int
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	c := wasmbytes.New(nil)
	for _, test := range []struct {
		value any
		want  string
	}{
		{"text", "text"},
		{[]byte{1, 2}, "\x01\x02"},
		{packed{Name: "a", Count: 3}, "\x82\xa4name\xa1a\xa5count\x03"},
		{&packed{Name: "a", Count: 3}, "\x82\xa4name\xa1a\xa5count\x03"},
		{[]packed{{Name: "a"}}, "\x91\x82\xa4name\xa1a\xa5count\x00"},
		{list{_msgpack: struct{}{}, Name: "a", Count: 3}, "\x92\xa1a\x03"},
		{both{"a"}, `{"name":"a"}`},
		{map[string]int{"a": 1}, `{"a":1}`},
		{1.5, "1.5"},
	} {
		data, err := c.Encode(reflect.ValueOf(test.value))
		require.NoError(t, err)
		assert.Equal(t, test.want, string(data), "%#v", test.value)
		back := reflect.New(reflect.TypeOf(test.value)).Elem()
		require.NoError(t, c.Decode(data, back), "%#v", test.value)
		assert.Equal(t, test.value, back.Interface())
	}
	var got packed
	require.NoError(t, c.Decode([]byte("\x82\xa5count\x03\xa4more\x81\xa1a\x93\x01\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xc2"), reflect.ValueOf(&got).Elem()))
	assert.Equal(t, packed{Count: 3, More: map[string]any{"a": []any{int64(1), 1.5, false}}}, got)
}

// TestHostileMessagePack: what a plugin writes cannot end the program, nor take its memory.
func TestHostileMessagePack(t *testing.T) {
	t.Parallel()
	c := wasmbytes.New(nil)
	for reason, data := range map[string][]byte{
		"nests more than 1000":      append([]byte("\x81\xa4more\x81\xa1a"), bytes.Repeat([]byte{0x91}, 10<<20)...),
		"it is cut off":             []byte("\x81\xa4more\xdf\xff\xff\xff\xff\xc0"),
		"1 bytes follow the value":  []byte("\x81\xa4name\xa1a\xc0"),
		"0xc1 begins no value":      []byte("\x81\xa4name\xc1"),
		"msgpack: invalid code=a1 ": []byte("\x81\xa5count\xa1a"),
	} {
		var to packed
		assert.ErrorContains(t, c.Decode(data, reflect.ValueOf(&to).Elem()), reason)
	}
}

func FuzzMessagePack(f *testing.F) {
	c := wasmbytes.New(nil)
	f.Add([]byte("\x83\xa4name\xa1a\xa5count\x03\xa4more\x81\xa1a\x93\x01\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xc2"))
	f.Add([]byte("\x81\xa4more\x81\xa1a\xd6\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var to packed
		if c.Decode(data, reflect.ValueOf(&to).Elem()) != nil {
			return
		}
		again, err := c.Encode(reflect.ValueOf(to))
		require.NoError(t, err)
		var back packed
		require.NoError(t, c.Decode(again, reflect.ValueOf(&back).Elem()))
	})
}

// message has the method of generated protocol buffers.
type message struct{}

func (*message) ProtoReflect() any { return nil }

type upper struct{}

func (upper) Takes(t reflect.Type) bool { return t == reflect.TypeFor[*message]() }

func (upper) Marshal(any) ([]byte, error) { return []byte("own"), nil }

func (upper) Unmarshal(_ []byte, to any) error {
	*to.(**message) = &message{}
	return nil
}

// TestProtocolBuffers: a message is not written as JSON by accident, and is what the program's codec
// makes of it.
func TestProtocolBuffers(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{reflect.TypeFor[message](), reflect.TypeFor[*message]()} {
		assert.Contains(t, wasmbytes.New(nil).Unfit(typ), "put protobuf.Codec")
	}
	c := wasmbytes.New([]wasmbytes.Codec{upper{}})
	assert.Empty(t, c.Unfit(reflect.TypeFor[*message]()))
	assert.Contains(t, c.Unfit(reflect.TypeFor[message]()), "use *wasmbytes_test.message")
	data, err := c.Encode(reflect.ValueOf(&message{}))
	require.NoError(t, err)
	assert.Equal(t, "own", string(data))
	var to *message
	require.NoError(t, c.Decode(data, reflect.ValueOf(&to).Elem()))
	assert.NotNil(t, to)
}
