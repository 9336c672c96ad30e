package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// What the registry has: one version of one module.
var greet = module.Version{Path: "corp.example.com/team/greet", Version: "v1.0.0"}

const (
	goMod  = "module corp.example.com/team/greet\n\ngo 1.21\n"
	source = "// Package greet is nobody else's business.\npackage greet\n\nfunc Greet(name string) string { return \"hello, \" + name }\n"
)

// registry is a module proxy (https://go.dev/ref/mod#goproxy-protocol) for those who have the
// token.
type registry struct{ files map[string]string }

func newRegistry() (*registry, error) {
	var zipped bytes.Buffer
	if err := zip.Create(&zipped, greet, []zip.File{file{"go.mod", goMod}, file{"greet.go", source}}); err != nil {
		return nil, err
	}
	base := "/" + greet.Path + "/@v/"
	return &registry{map[string]string{
		base + "list":                  greet.Version + "\n",
		base + greet.Version + ".info": `{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z"}`,
		base + greet.Version + ".mod":  goMod,
		base + greet.Version + ".zip":  zipped.String(),
	}}, nil
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Authorization") != "Bearer "+token {
		http.Error(w, "a token is needed", http.StatusUnauthorized)
		return
	}
	data, ok := r.files[req.URL.Path]
	if !ok {
		http.NotFound(w, req)
		return
	}
	http.ServeContent(w, req, "", time.Time{}, strings.NewReader(data))
}

// file is a file in memory, as package zip takes it.
type file struct{ name, data string }

func (f file) Path() string                 { return f.name }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.data)), nil }
func (f file) Lstat() (os.FileInfo, error)  { return f, nil }
func (f file) Name() string                 { return f.name }
func (f file) Size() int64                  { return int64(len(f.data)) }
func (f file) Mode() os.FileMode            { return 0o644 }
func (f file) ModTime() time.Time           { return time.Time{} }
func (f file) IsDir() bool                  { return false }
func (f file) Sys() any                     { return nil }
