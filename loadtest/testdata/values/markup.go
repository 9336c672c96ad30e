package values

import (
	"encoding/xml"
	"html/template"
	"strings"
)

// UnmarshalXML fills v, which may have an XMLName.
func UnmarshalXML(text string, v any) error { return xml.Unmarshal([]byte(text), v) }

// Escaped executes a template of HTML with v as its data.
func Escaped(text string, v any) (string, error) {
	t, err := template.New("").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, v)
	return out.String(), err
}

// TrustedHTML returns a text as HTML that is not to be escaped.
func TrustedHTML(text string) any { return template.HTML(text) }
