package goglue

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/toolchain"
)

func TestBuildStandardPackages(t *testing.T) {
	tc, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	b := Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	for _, path := range []string{"strings", "time", "net/http", "encoding/json", "go/ast", "math/big", "os", "context", "sync", "reflect"} {
		t.Run(path, func(t *testing.T) {
			dir := t.TempDir()
			start := time.Now()
			src := load.Source{Kind: load.KindGo, Dir: filepath.Join(tc.Root, "src", path), Go: &load.GoSource{ImportPath: path, GoMod: []byte("go 1.26\n")}}
			if err := b.Build(t.Context(), src, dir); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, APIFile))
			if err != nil {
				t.Fatal(err)
			}
			api, err := DecodeAPI(data)
			if err != nil {
				t.Fatal(err)
			}
			info, _ := os.Stat(filepath.Join(dir, ProgramFile))
			t.Logf("%d symbols, %d types, %d funcs, api %d bytes, program %d bytes, %v", len(api.Symbols), len(api.Types), len(api.Funcs), len(data), info.Size(), time.Since(start))
		})
	}
}
