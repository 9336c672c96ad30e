package standard_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/loadgo/load"
)

// get serves one request with a module's handler.
func get(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
}

// packed reports whether 200 KB that the module's writer packs come back from its reader.
func packed(b *bound, newWriter string) any {
	data := bytes.Repeat([]byte("0123456789"), 20000)
	var packed bytes.Buffer
	w := fn[func(io.Writer) *load.Object](b, newWriter)(&packed)
	_, err := method[func([]byte) (int, error)](w, "Write")(data)
	if err = errors.Join(err, method[func() error](w, "Close")()); err != nil {
		return err
	}
	r, err := load.As[io.Reader](fn[func(io.Reader) *load.Object](b, "NewReader")(&packed))
	if err != nil {
		return err
	}
	back, err := io.ReadAll(r)
	return pair(bytes.Equal(back, data), err)
}

// streams are packages that read, write and serve.
var streams = []binding{
	{"github.com/yuin/goldmark@v1.8.7", nil, nil, func(b *bound) {
		b.call("Convert into a writer", "<h1>Hi</h1>\n", func() any {
			var out bytes.Buffer
			err := fn[func([]byte, io.Writer) error](b, "Convert")([]byte("# Hi"), &out)
			return pair(out.String(), err)
		})
	}},
	{"github.com/microcosm-cc/bluemonday@v1.0.27", nil, nil, func(b *bound) {
		b.call("SanitizeReaderToWriter", "<b>x</b>", func() any {
			var out strings.Builder
			policy := fn[func() *load.Object](b, "UGCPolicy")()
			err := method[func(io.Reader, io.Writer) error](policy, "SanitizeReaderToWriter")(strings.NewReader("<b onclick=1>x</b>"), &out)
			return pair(out.String(), err)
		})
	}},
	{"golang.org/x/net/html@v0.62.0", nil, nil, func(b *bound) {
		b.call("Parse and Render", "<html><head></head><body><p>x</p></body></html>", func() any {
			node, err := fn[func(io.Reader) (*load.Object, error)](b, "Parse")(strings.NewReader("<p>x"))
			if err != nil {
				return err
			}
			var out strings.Builder
			err = fn[func(io.Writer, *load.Object) error](b, "Render")(&out, node)
			return pair(out.String(), err)
		})
		b.call("Tokenizer until io.EOF", "3 true", func() any {
			z := fn[func(io.Reader) *load.Object](b, "NewTokenizer")(strings.NewReader("<b>x</b>"))
			n := 0
			for method[func() uint32](z, "Next")() != 0 {
				n++
			}
			return fmt.Sprint(n, " ", errors.Is(method[func() error](z, "Err")(), io.EOF))
		})
	}},
	{"github.com/PuerkitoBio/goquery@v1.13.0", nil, nil, func(b *bound) {
		b.call("Each", "[0:x 1:y]", func() any {
			doc, err := fn[func(io.Reader) (*load.Object, error)](b, "NewDocumentFromReader")(strings.NewReader("<p>x</p><p>y</p>"))
			if err != nil {
				return err
			}
			var seen []string
			found := method[func(string) *load.Object](doc, "Find")("p")
			method[func(func(int, *load.Object)) *load.Object](found, "Each")(func(i int, s *load.Object) {
				seen = append(seen, fmt.Sprint(i, ":", method[func() string](s, "Text")()))
			})
			return seen
		})
		b.call("Map", "[X]", func() any {
			doc, err := fn[func(io.Reader) (*load.Object, error)](b, "NewDocumentFromReader")(strings.NewReader("<p>x</p>"))
			if err != nil {
				return err
			}
			found := method[func(string) *load.Object](doc, "Find")("p")
			return method[func(func(int, *load.Object) string) []string](found, "Map")(func(_ int, s *load.Object) string {
				return strings.ToUpper(method[func() string](s, "Text")())
			})
		})
	}},
	{"github.com/golang/snappy@v1.0.0", nil, nil, func(b *bound) {
		b.call("writer and reader", "true", func() any { return packed(b, "NewBufferedWriter") })
	}},
	{"github.com/pierrec/lz4/v4@v4.1.33", nil, nil, func(b *bound) {
		b.call("writer and reader", "true", func() any { return packed(b, "NewWriter") })
	}},
	{"github.com/cespare/xxhash/v2@v2.3.0", nil, nil, func(b *bound) {
		b.call("digest as a writer", "2794345569481354659", func() any {
			digest := fn[func() *load.Object](b, "New")()
			w, err := load.As[io.Writer](digest)
			if err != nil {
				return err
			}
			if _, err := io.Copy(w, strings.NewReader("hello")); err != nil {
				return err
			}
			return method[func() uint64](digest, "Sum64")()
		})
	}},
	{"github.com/go-chi/chi/v5@v5.5.0", nil, nil, func(b *bound) {
		router := func() (*load.Object, http.Handler) {
			o := fn[func() *load.Object](b, "NewRouter")()
			h, err := load.As[http.Handler](o)
			if err != nil {
				panic(err)
			}
			return o, h
		}
		b.call("Get and URLParam", "200 hello ann", func() any {
			r, h := router()
			method[func(string, http.HandlerFunc)](r, "Get")("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "hello ", strings.TrimPrefix(r.URL.Path, "/hello/"))
			})
			return get(h, "/hello/ann")
		})
		b.call("NotFound", "404 404 page not found", func() any {
			_, h := router()
			return get(h, "/x")
		})
		b.call("Use with the host's middleware", "201 ok", func() any {
			r, h := router()
			method[func(...func(http.Handler) http.Handler)](r, "Use")(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201); next.ServeHTTP(w, r) })
			})
			method[func(string, http.HandlerFunc)](r, "Get")("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
			return get(h, "/")
		})
		b.call("Walk", "[GET /a POST /b]", func() any {
			r, _ := router()
			none := func(http.ResponseWriter, *http.Request) {}
			method[func(string, http.HandlerFunc)](r, "Get")("/a", none)
			method[func(string, http.HandlerFunc)](r, "Post")("/b", none)
			var seen []string
			err := fn[func(*load.Object, func(string, string, *load.Object, ...*load.Object) error) error](b, "Walk")(r, func(method, route string, _ *load.Object, _ ...*load.Object) error {
				seen = append(seen, method+" "+route)
				return nil
			})
			return pair(seen, err)
		})
	}},
	{"github.com/gorilla/mux@v1.8.1", nil, nil, func(b *bound) {
		b.call("HandleFunc", "200 item 5", func() any {
			r := fn[func() *load.Object](b, "NewRouter")()
			method[func(string, func(http.ResponseWriter, *http.Request)) *load.Object](r, "HandleFunc")("/item/{id}", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "item ", strings.TrimPrefix(r.URL.Path, "/item/"))
			})
			h, err := load.As[http.Handler](r)
			if err != nil {
				return err
			}
			return get(h, "/item/5")
		})
		b.call("Methods", "405 ", func() any {
			r := fn[func() *load.Object](b, "NewRouter")()
			route := method[func(string, func(http.ResponseWriter, *http.Request)) *load.Object](r, "HandleFunc")("/", func(http.ResponseWriter, *http.Request) {})
			method[func(...string) *load.Object](route, "Methods")("POST")
			h, err := load.As[http.Handler](r)
			if err != nil {
				return err
			}
			return get(h, "/")
		})
	}},
	{"github.com/sirupsen/logrus@v1.10.2", nil, nil, func(b *bound) {
		b.call("WithFields into the host's writer", "warning hi map[a:1]", func() any {
			var out bytes.Buffer
			log := fn[func() *load.Object](b, "New")()
			method[func(io.Writer)](log, "SetOutput")(&out)
			method[func(*load.Object)](log, "SetFormatter")(fn[func(struct{}) *load.Object](b, "*JSONFormatter")(struct{}{}))
			entry := method[func(map[string]any) *load.Object](log, "WithFields")(map[string]any{"a": 1})
			method[func(...any)](entry, "Warn")("hi")
			var line map[string]any
			err := json.Unmarshal(out.Bytes(), &line)
			return pair(fmt.Sprint(line["level"], " ", line["msg"], " map[a:", line["a"], "]"), err)
		})
	}},
	{"github.com/rs/zerolog@v1.35.1", nil, nil, func(b *bound) {
		b.call("chained fields into the host's writer", `{"level":"info","k":"v","n":3,"error":"EOF","message":"hi"}`+"\n", func() any {
			var out bytes.Buffer
			log := fn[func(io.Writer) *load.Object](b, "New")(&out)
			e := method[func() *load.Object](log, "Info")()
			e = method[func(string, string) *load.Object](e, "Str")("k", "v")
			e = method[func(string, int) *load.Object](e, "Int")("n", 3)
			e = method[func(error) *load.Object](e, "Err")(io.EOF)
			method[func(string)](e, "Msg")("hi")
			return out.String()
		})
	}},
	{"go.uber.org/zap@v1.28.0", []string{"go.uber.org/zap/zapcore"}, nil, func(b *bound) {
		b.call("core over the host's writer", `{"m":"hi","k":"v"}`+"\n", func() any {
			var out bytes.Buffer
			encoder := fn[func(struct{ MessageKey string }) *load.Object](b, "zapcore.NewJSONEncoder")(struct{ MessageKey string }{"m"})
			syncer := fn[func(io.Writer) *load.Object](b, "zapcore.AddSync")(&out)
			level := fn[func(int8) *load.Object](b, "zapcore.Level")(-1)
			core := fn[func(enc, ws, level *load.Object) *load.Object](b, "zapcore.NewCore")(encoder, syncer, level)
			log := fn[func(*load.Object, ...*load.Object) *load.Object](b, "New")(core)
			method[func(string, ...*load.Object)](log, "Info")("hi", fn[func(string, string) *load.Object](b, "String")("k", "v"))
			return out.String()
		})
	}},
}
