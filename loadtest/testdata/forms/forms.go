// Package forms asks values for the forms that they have by methods of their own.
package forms

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
)

// JSON writes a value as JSON.
func JSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// FromJSON fills a value.
func FromJSON(text string, to any) error { return json.Unmarshal([]byte(text), to) }

// XML writes a value as XML.
func XML(v any) (string, error) {
	text, err := xml.Marshal(v)
	return string(text), err
}

// FromXML fills a value.
func FromXML(text string, to any) error { return xml.Unmarshal([]byte(text), to) }

// Text asks a value, or its fields.
func Text(v any) (string, error) {
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return "text " + string(text), err
	}
	all := ""
	if r := reflect.Indirect(reflect.ValueOf(v)); r.Kind() == reflect.Struct {
		for i := range r.NumField() {
			if !r.Type().Field(i).IsExported() {
				continue
			}
			text, err := Text(r.Field(i).Interface())
			if err != nil {
				return "", err
			}
			all += r.Type().Field(i).Name + ": " + text + "; "
		}
		return all, nil
	}
	return fmt.Sprint(v), nil
}

// Same returns the value that it is given.
func Same(v any) any { return v }

// Gob writes a value and reads it into another one.
func Gob(v, to any) error {
	var all bytes.Buffer
	if err := gob.NewEncoder(&all).Encode(v); err != nil {
		return err
	}
	return gob.NewDecoder(&all).Decode(to)
}

// Value is what a value is for a database.
func Value(v any) (string, error) {
	if own, ok := v.(driver.Valuer); ok {
		in, err := own.Value()
		return fmt.Sprint("value ", in), err
	}
	return fmt.Sprint(v), nil
}

// Scan fills a value from a database.
func Scan(to any) error {
	if own, ok := to.(sql.Scanner); ok {
		return own.Scan("text")
	}
	return fmt.Errorf("a %T is not filled", to)
}
