package goproxy_test

import (
	"archive/zip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

// endless is a registry of modules example.com/m0, m1 and so on without an end: each requires as
// many others, which nobody else does.
type endless struct {
	requires int
	finite   bool   // m0 alone requires others
	comment  string // in each go.mod file
	files    atomic.Int64
}

func (e *endless) goMod(number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module example.com/m%d\n%srequire (\n", number, e.comment)
	for i := range e.requires {
		if e.finite && number > 0 {
			break
		}
		fmt.Fprintf(&b, "\texample.com/m%d v1.0.0\n", number*e.requires+i+1)
	}
	return b.String() + ")\n"
}

func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, number := r.URL.Path, 0
	file, ok := strings.CutPrefix(path[strings.LastIndex(path, "/")+1:], "v1.0.0.")
	_, err := fmt.Sscanf(path, "/example.com/m%d/@v/", &number)
	switch {
	case err != nil || !ok:
		http.NotFound(w, r)
	case file == "info":
		fmt.Fprint(w, `{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}`)
	case file == "mod":
		e.files.Add(1)
		fmt.Fprint(w, e.goMod(number))
	case file == "zip":
		z := zip.NewWriter(w)
		for name, text := range map[string]string{"go.mod": e.goMod(number), "m.go": "package m\n"} {
			if f, err := z.Create(fmt.Sprintf("example.com/m%d@v1.0.0/%s", number, name)); err == nil {
				fmt.Fprint(f, text)
			}
		}
		_ = z.Close()
	}
}

// serve starts the registry and returns an installer of it.
func (e *endless) serve(t *testing.T) *goproxy.Installer {
	t.Helper()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return goproxy.New(goproxy.Config{
		Proxy: server.URL, SumDB: "off", NoProxy: "none", NoSumDB: "none", ModCache: "off", GOOS: "linux", GOARCH: "amd64", Stall: 5 * time.Second,
	})
}

const tooMany = "what it requires, and what that requires, has go.mod files of more than 64MiB, of which each counts for 1KiB at least"

// TestEndlessRequirements: modules that require each other without an end are refused; they take
// neither the host's memory nor its time.
func TestEndlessRequirements(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("// "+strings.Repeat("x", 1<<20-4)+"\n", 4)
	for what, e := range map[string]*endless{
		"each requires many":           {requires: 5000},
		"each requires one, and large": {requires: 1, comment: large},
		"one requires many":            {requires: 200_000, finite: true},
		"one requires many large ones": {requires: 20, finite: true, comment: large},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := bring(t, e.serve(t), loadtest.OpenStore(t), "example.com/m0@v1.0.0")
			var refused *install.RegistryError
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, refused.Reason, tooMany)
			assert.Less(t, e.files.Load(), int64(1000), "go.mod files were asked for")
		})
	}
}

// TestEndlessRequirementsOfLocal: the same for a directory whose go.mod requires such a module.
func TestEndlessRequirementsOfLocal(t *testing.T) {
	t.Parallel()
	e := &endless{requires: 5000}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/local\n\ngo 1.16\n\nrequire example.com/m0 v1.0.0\n", "l.go": "package local\n\nimport _ \"example.com/m0\"\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	_, err := e.serve(t).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, local(dir, "example.com/local"))
	assert.ErrorContains(t, err, tooMany)
}

// TestWideRequirements: what real modules require is far from the bound.
func TestWideRequirements(t *testing.T) {
	t.Parallel()
	e := &endless{requires: 300, finite: true, comment: strings.Repeat("// "+strings.Repeat("x", 60)+"\n", 100)}
	spec, err := bring(t, e.serve(t), loadtest.OpenStore(t), "example.com/m0@v1.0.0")
	require.NoError(t, err)
	assert.Equal(t, "example.com/m0@v1.0.0", buildList(spec))
	assert.Equal(t, int64(301), e.files.Load())
}
