package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
)

// Decode sets in target, a pointer to a struct or map of the host, what the values name.
func Decode(values map[string]any, target any) error {
	var seen mapstructure.Metadata
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.TextUnmarshallerHookFunc(), mapstructure.StringToTimeDurationHookFunc(), convert,
		),
		WeaklyTypedInput: true,
		Metadata:         &seen,
		Result:           target,
	})
	if err != nil {
		return err
	}
	if err := d.Decode(plainMap(values)); err != nil {
		return err
	}
	return unknown(seen.Unused, append(seen.Keys, seen.Unset...))
}

// convert makes lists of texts with commas, and texts of numbers, which the decoder would cut to
// the size of an integer where it parses and checks a text.
func convert(_, to reflect.Kind, data any) (any, error) {
	if to >= reflect.Int && to <= reflect.Float64 {
		switch v := data.(type) {
		case int64:
			return strconv.FormatInt(v, 10), nil
		case uint64:
			return strconv.FormatUint(v, 10), nil
		case float64:
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		}
	}
	if text, ok := data.(string); ok && to == reflect.Slice {
		return split(text), nil
	}
	return data, nil
}

// split makes a list of a text with commas. One without is left to the decoder, for which it is a
// list of one element, or the bytes of a []byte.
func split(text string) any {
	if text == "" {
		return []any{}
	}
	if !strings.Contains(text, ",") {
		return text
	}
	var list []any
	for part := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(part))
	}
	return list
}
