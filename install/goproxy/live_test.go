package goproxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// live are packages of real modules: small and large graphs, with and without go.mod, deep
// packages, v2+ and gopkg.in paths.
var live = []string{
	"github.com/gosimple/slug", "github.com/google/uuid", "gonum.org/v1/gonum/stat", "gorm.io/gorm",
	"github.com/prometheus/client_golang/prometheus", "gopkg.in/yaml.v3", "github.com/samber/lo",
	"golang.org/x/text/cases", "go.uber.org/zap", "github.com/spf13/cobra", "github.com/spf13/viper",
	"github.com/sirupsen/logrus", "github.com/stretchr/testify/assert", "github.com/BurntSushi/toml",
	"github.com/Masterminds/semver/v3", "github.com/Masterminds/sprig/v3", "github.com/gin-gonic/gin",
	"github.com/go-chi/chi/v5", "github.com/gorilla/mux", "github.com/labstack/echo/v4", "github.com/rs/zerolog",
	"github.com/hashicorp/hcl/v2", "github.com/shopspring/decimal", "github.com/tidwall/gjson",
	"github.com/yuin/goldmark", "github.com/alecthomas/chroma/v2/lexers", "github.com/PuerkitoBio/goquery",
	"github.com/expr-lang/expr", "github.com/dustin/go-humanize", "github.com/fatih/color",
	"github.com/golang/protobuf/ptypes", "google.golang.org/grpc/codes", "go.opentelemetry.io/otel",
	"github.com/pelletier/go-toml/v2", "github.com/jackc/pgx/v5/pgtype", "github.com/mitchellh/mapstructure",
}

// TestLive compares build lists with the go command's, over the configured registry. It runs where
// LOAD_LIVE=1, and works on one module after the other; with -short on a sixth of them.
func TestLive(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	in, s := goproxy.New(goproxy.Config{}), loadtest.OpenStore(t)
	packages, equal := live, 0
	if testing.Short() {
		packages = live[:len(live)/6]
	}
	for _, pkg := range packages {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module main\n\ngo "+goLanguage(t)+"\n"), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nimport _ \""+pkg+"\"\n\nfunc main() {}\n"), 0o644))
		if out, err := goCommand(dir, "get", pkg+"@latest"); err != nil {
			t.Logf("%s: the go command cannot: %s", pkg, out)
			continue
		}
		spec, err := bring(t, in, s, pkg)
		if !assert.NoError(t, err, pkg) {
			continue
		}
		all := selection(t, dir, "list", "-m", "-f", "{{.Path}}@{{.Version}}", "all")
		deps := selection(t, dir, "list", "-deps", "-f", "{{with .Module}}{{.Path}}@{{.Version}}{{end}}", ".")
		ours := make(map[string]string)
		for _, m := range spec.BuildList {
			ours[m.Path] = m.Version
			v, ok := all[m.Path]
			assert.Falsef(t, ok && v != m.Version, "%s: %s %s, the go command selects %s", pkg, m.Path, m.Version, v)
		}
		assert.Equalf(t, deps, ours, "%s: the build reads\n%v, the go command's", pkg, ours)
		goBuild(t, spec)
		equal++
	}
	assert.GreaterOrEqualf(t, 6*equal, 5*len(packages), "only %d of %d modules were compared", equal, len(packages))
	t.Logf("%d of %d modules compared", equal, len(packages))
}

func goCommand(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	return string(out) + stderr.String(), err
}

func selection(t *testing.T, dir string, args ...string) map[string]string {
	t.Helper()
	out, err := goCommand(dir, args...)
	require.NoErrorf(t, err, "%v %v", args, out)
	selected := make(map[string]string)
	for _, line := range slices.Compact(strings.Fields(out)) {
		if path, version, _ := strings.Cut(line, "@"); version != "" {
			selected[path] = version
		}
	}
	return selected
}
