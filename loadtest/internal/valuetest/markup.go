package valuetest

import (
	"encoding/xml"
	"html/template"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/testdata/values"
)

// testMarkup checks that types which only their package's code looks for keep their names in an
// any.
func (s suite) testMarkup(t *testing.T) {
	m := s.values(t)
	type item struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	type doc struct {
		XMLName xml.Name
		Names   []xml.Name `xml:"none"`
		Items   []item     `xml:",any"`
		Inner   *item      `xml:"inner"`
	}
	unmarshal := gosuite.Bound[func(string, any) error](t, m, "UnmarshalXML")
	for _, text := range []string{
		`<a:d xmlns:a="urn:x"><i>1</i><inner>2</inner><a:j/></a:d>`, `<d/>`, `<d><`,
	} {
		var want, got doc
		wantErr, err := values.UnmarshalXML(text, &want), unmarshal(text, &got)
		assert.Equal(t, wantErr == nil, err == nil, text)
		assert.Equal(t, want, got, text)
	}
	name := xml.Name{Space: "s", Local: "l"}
	assert.Equal(t, name, gosuite.Call(t, m, "Any", name))
	assert.Equal(t, []any{name, map[string]xml.Name{"a": name}}, gosuite.Call(t, m, "Any", []any{name, map[string]xml.Name{"a": name}}))

	escaped := gosuite.Bound[func(string, any) (string, error)](t, m, "Escaped")
	data := struct {
		HTML template.HTML
		List []template.HTML
		Any  map[string]any
		JS   template.JS
		CSS  template.CSS
		URL  template.URL
		Attr template.HTMLAttr
		Text string
	}{
		"<b>", []template.HTML{"<u>"}, map[string]any{"a": template.HTML("<i>"), "b": "<i>"}, "f(1<2)", "color: expression(1)", "javascript:f()", `title="<"`, "<s>",
	}
	const page = `<p {{.Attr}} style="{{.CSS}}">{{.HTML}}{{range .List}}{{.}}{{end}}{{.Any.a}}{{.Any.b}}{{.Text}}<a href="{{.URL}}"></a><script>{{.JS}}</script>`
	want, err := values.Escaped(page, data)
	require.NoError(t, err)
	got, err := escaped(page, data)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotContains(t, want, "&lt;b")

	assert.Equal(t, "<b>", gosuite.Call(t, m, "TrustedHTML", "<b>"), "a module's word that a text is safe is a text")
	assert.Equal(t, "<b>", gosuite.Call(t, m, "Any", template.HTML("<b>")))
}
