package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"

	"github.com/loadgo/load/internal/regular"
)

// maxFile is the most bytes that are read of a file.
const maxFile = 16 << 20

// ReadFile reads a configuration file. Its format goes by the end of its name: .yaml, .yml, .toml
// or .json.
func ReadFile(file string) (map[string]any, error) {
	data, err := regular.Read(file, maxFile)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	switch filepath.Ext(file) {
	case ".yaml", ".yml":
		values, err = YAML(data)
	case ".toml":
		values, err = TOML(data)
	case ".json":
		values, err = JSON(data)
	default:
		err = errors.New("unknown format: name it .yaml, .yml, .toml or .json")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return values, nil
}

// YAML reads a document. An unquoted date is a text, as it is in JSON.
func YAML(data []byte) (map[string]any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	textDates(&document)
	var values map[string]any
	if err := document.Decode(&values); err != nil {
		return nil, err
	}
	return plainMap(values), nil
}

// textDates makes texts of what looks like a date.
func textDates(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		textDates(child)
	}
}

// TOML reads a document. A date is its text.
func TOML(data []byte) (map[string]any, error) {
	var values map[string]any
	if err := toml.Unmarshal(data, &values); err != nil {
		return nil, err
	}
	return plainMap(values), nil
}

// JSON reads an object. Integers keep all their digits.
func JSON(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var values map[string]any
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("it goes on after the object")
	}
	return plainMap(values), nil
}

// plain gives what a format decoded the types that all formats share: map[string]any, []any,
// string, bool, int64, uint64 beyond it, float64, nil.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return plainMap(v)
	case map[any]any:
		values := make(map[string]any, len(v))
		for key, value := range v {
			values[fmt.Sprint(key)] = plain(value)
		}
		return values
	case []any:
		return plainList(v)
	case []map[string]any:
		return plainList(v)
	case []string:
		return plainList(v)
	case int:
		return int64(v)
	case json.Number:
		return number(v)
	case time.Time:
		return v.Format(layout(v))
	}
	return value
}

func plainMap(values map[string]any) map[string]any {
	out := make(map[string]any, len(values))
	for key, value := range values {
		out[key] = plain(value)
	}
	return out
}

func plainList[T any](values []T) []any {
	out := make([]any, len(values))
	for i, value := range values {
		out[i] = plain(value)
	}
	return out
}

func number(n json.Number) any {
	text := n.String()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u
	}
	if f, err := n.Float64(); err == nil && strings.ContainsAny(text, ".eE") {
		return f
	}
	return text // more digits than a number holds: refused where a number is wanted
}

// layout is how TOML writes a time. Its dates and times without a zone have a location that says
// so.
func layout(t time.Time) string {
	switch t.Location().String() {
	case "date-local":
		return time.DateOnly
	case "time-local":
		return "15:04:05.999999999"
	case "datetime-local":
		return "2006-01-02T15:04:05.999999999"
	}
	return time.RFC3339Nano
}
