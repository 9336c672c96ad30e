package goproxy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

const (
	workM = "-- m/go.mod --\nmodule example.com/m\n\ngo 1.24\n"
	workY = "\nrequire example.com/y v1.0.0\n"
	needY = "-- m/m.go --\npackage m\n\nimport _ \"example.com/y\"\n"
	needN = "-- m/m.go --\npackage m\n\nimport _ \"example.com/n\"\n"
	alone = "-- m/m.go --\npackage m\n"
	workN = "-- n/go.mod --\nmodule example.com/n\n\ngo 1.24\n"
	fileN = "-- n/n.go --\npackage n\n"
	useMN = "-- go.work --\ngo 1.24\n\nuse (\n\t./m\n\t./n\n)\n"
	useM  = "-- go.work --\ngo 1.24\n\nuse ./m\n"
	placY = "-- y/go.mod --\nmodule example.com/y\n\ngo 1.20\n-- y/y.go --\npackage y\n"
)

// TestWorkspace compares, for local modules below a go.work file, what is built and whether
// anything is, with the go command.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, files string
		fails       bool
	}{
		{"a used module that is not required", useMN + workM + needN + workN + fileN, false},
		{"no go.work", workM + needN + workN + fileN, true},
		{"a used module that is required", useMN + workM + "\nrequire example.com/n v1.2.3\n" + needN + workN + fileN, false},
		{"a module that is not used", useM + workM + needN + workN + fileN, true},
		{"the module itself is not used", "-- go.work --\ngo 1.24\n\nuse ./n\n" + workM + alone + workN + fileN, true},
		{"a used module requires more", useMN + workM + workY + needY + workN + "\nrequire example.com/y v1.1.0\n" + fileN, false},
		{"a used module requires less", useMN + workM + "\nrequire example.com/y v1.1.0\n" + needY + workN + workY + fileN, false},
		{"what a used module imports", useMN + workM + needN + workN + workY + "-- n/n.go --\npackage n\n\nimport _ \"example.com/y\"\n", false},
		{"a replace line of a used module", useMN + workM + workY + needY + workN + "\nreplace example.com/y => ../y\n" + fileN + placY, false},
		{"replace lines that disagree", useMN + workM + workY + "\nreplace example.com/y => ../y\n" + needY + workN + "\nreplace example.com/y => example.com/y v1.1.0\n" + fileN + placY, true},
		{"go.work decides between them", useMN + "\nreplace example.com/y => ./y\n" + workM + workY + "\nreplace example.com/y => ../none\n" + needY + workN + "\nreplace example.com/y => example.com/y v1.1.0\n" + fileN + placY, false},
		{"go.work overrides a line for a version", useM + "\nreplace example.com/y => example.com/y v1.1.0\n" + workM + workY + "\nreplace example.com/y v1.0.0 => ../none\n" + needY, false},
		{"go.work replaces a version", useM + "\nreplace example.com/y v1.0.0 => ./y\n" + workM + workY + needY + placY, false},
		{"a used directory is not there", "-- go.work --\ngo 1.24\n\nuse (\n\t./m\n\t./none\n)\n" + workM + alone, true},
		{"go.work is older than a module", "-- go.work --\ngo 1.21\n\nuse ./m\n" + workM + alone, true},
		{"go.work needs a newer toolchain", "-- go.work --\ngo 1.999\n\nuse ./m\n" + workM + alone, true},
		{"go.work is broken", "-- go.work --\nuse use\n" + workM + alone, true},
		{"two modules of one path", useMN + workM + alone + "-- n/go.mod --\nmodule example.com/m\n\ngo 1.24\n", true},
		{"a go.work within the module", "-- m/go.work --\ngo 1.24\n\nuse (\n\t.\n\t../n\n)\n" + workM + needN + workN + fileN, false},
		{"the nearest go.work counts", "-- m/go.work --\ngo 1.24\n\nuse .\n" + useMN + workM + needN + workN + fileN, true},
		{"a nested module", "-- go.work --\ngo 1.24\n\nuse (\n\t./m\n\t./m/n\n)\n" + workM + "-- m/m.go --\npackage m\n\nimport _ \"example.com/m/n\"\n-- m/n/go.mod --\nmodule example.com/m/n\n\ngo 1.24\n-- m/n/n.go --\npackage n\n", false},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, reachable)
			dir := layWorkspace(t, test.files)
			spec, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
			theirs, goErr := goWorkModules(t, p, dir)
			if test.fails {
				assert.Error(t, err)
				assert.Error(t, goErr)
				return
			}
			require.NoError(t, goErr)
			require.NoError(t, err)
			assert.Equal(t, theirs, buildList(spec))
			goBuild(t, spec)
		})
	}
}

// TestWorkspaceDecided sees to it that policies hear of used modules and that their files are part
// of the hash.
func TestWorkspaceDecided(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, reachable)
	dir, s := layWorkspace(t, useMN+workM+needN+workN+fileN), loadtest.OpenStore(t)
	complete := func() *find.Spec {
		spec, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: s}, localM(dir))
		require.NoError(t, err)
		return spec
	}
	first := complete()
	assert.True(t, slices.ContainsFunc(first.Parts, func(part find.Part) bool { return part.Place == filepath.Join(filepath.Dir(dir), "n") }), "%v", first.Parts)
	for name, text := range map[string]string{
		"n/n.go": "package n\n\nvar X int\n", "n/go.mod": "module example.com/n\n\ngo 1.23\n", "go.work": "go 1.25\n\nuse (\n\t./m\n\t./n\n)\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "..", name), []byte(text), 0o644))
		next := complete()
		assert.NotEqual(t, first.Source.Hash, next.Source.Hash, name)
		first = next
	}
}

// TestWorkspaceVendor sees to it that the vendor directory of a workspace counts, with its list of
// modules: nobody is asked, what is missing there is refused, and the list is part of the hash.
func TestWorkspaceVendor(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, reachable)
	complete := func(dir string) (*find.Spec, error) {
		return goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
	}
	dir := layWorkspace(t, useM+workM+alone+"-- vendor/modules.txt --\n## workspace\n")
	spec, err := complete(dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "..", "vendor", "modules.txt"), []byte("## workspace\n# example.com/other v1.0.0\n"), 0o644))
	next, err := complete(dir)
	require.NoError(t, err)
	assert.NotEqual(t, spec.Source.Hash, next.Source.Hash)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n\ngo 1.24\n\nrequire example.com/absent v1.0.0\n"), 0o644))
	_, err = complete(dir)
	assert.ErrorContains(t, err, "inconsistent vendoring in "+filepath.Dir(dir))
	assert.ErrorContains(t, err, "run go work vendor there")
	assert.Zero(t, p.Count(""))
}

// TestWorkspaceNamed says which go.work file counts, by GOWORK.
func TestWorkspaceNamed(t *testing.T) {
	p := loadtest.Proxy(t, reachable)
	dir := layWorkspace(t, useMN+workM+needN+workN+fileN)
	require.NoError(t, os.Rename(filepath.Join(dir, "..", "go.work"), filepath.Join(dir, "..", "other.work")))
	other := filepath.Join(filepath.Dir(dir), "other.work")
	for value, fails := range map[string]bool{"": true, "off": true, "other.work": true, other: false, other + "x": true} {
		t.Setenv("GOWORK", value)
		_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
		_, goErr := goWorkModules(t, p, dir)
		assert.Equal(t, fails, err != nil, "GOWORK=%s: %v", value, err)
		assert.Equal(t, fails, goErr != nil, "GOWORK=%s: %v", value, goErr)
	}
}

// TestWorkspaceSet says which go.work file counts, by what "go env -w" wrote, which the
// environment overrides.
func TestWorkspaceSet(t *testing.T) {
	p := loadtest.Proxy(t, reachable)
	dir := layWorkspace(t, useMN+workM+needN+workN+fileN)
	at := filepath.Join(dir, "..", "go.work")
	other := filepath.Join(filepath.Dir(dir), "other.work")
	data, err := os.ReadFile(at)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(other, data, 0o644))
	settings := filepath.Join(t.TempDir(), "env")
	t.Setenv("GOENV", settings)
	for _, test := range []struct {
		written, environment string
		fails                bool
	}{
		{"", "", false},
		{"off", "", true},
		{"auto", "", false},
		{other, "", false},
		{other + "x", "", true},
		{"other.work", "", true},
		{"off", "auto", false},
		{"off", other, false},
		{other, "off", true},
	} {
		require.NoError(t, os.WriteFile(settings, []byte("GOWORK="+test.written+"\n"), 0o644))
		t.Setenv("GOWORK", test.environment)
		_, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
		_, goErr := goWorkModules(t, p, dir, "GOENV="+settings)
		assert.Equal(t, test.fails, err != nil, "%v: %v", test, err)
		assert.Equal(t, test.fails, goErr != nil, "%v: %v", test, goErr)
	}
}

// TestWorkspaceFetched sees to it that the go.work file of what was fetched into the store does not
// count.
func TestWorkspaceFetched(t *testing.T) {
	t.Parallel()
	s := loadtest.OpenStore(t)
	dir := filepath.Join(s.Dir(), "fetched", "m")
	layIn(t, filepath.Dir(dir), useMN+workM+needN+workN+fileN)
	_, err := goproxy.New(config(loadtest.Proxy(t, reachable))).Complete(t.Context(), &install.Session{Store: s}, localM(dir))
	assert.ErrorContains(t, err, "example.com/n")
}

func layWorkspace(t *testing.T, files string) (dir string) {
	root, err := filepath.EvalSymlinks(loadtest.TempDir(t))
	require.NoError(t, err)
	layIn(t, root, files)
	return filepath.Join(root, "m")
}

func layIn(t *testing.T, root, files string) {
	for _, f := range txtar.Parse([]byte(files)).Files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, f.Name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, f.Name), f.Data, 0o644))
	}
}

func localM(dir string) *find.Spec {
	return &find.Spec{
		Name: dir, Module: "example.com/m",
		Source: find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{ImportPath: "example.com/m"}},
	}
}

// goWorkModules lists the modules that the go command builds the package in a directory of a
// workspace from.
func goWorkModules(t *testing.T, p *loadtest.ProxyServer, dir string, env ...string) (string, error) {
	cmd := exec.Command("go", "list", "-modcacherw", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{with .Replace}}{{if .Version}}{{.Path}}@{{.Version}}{{end}}{{else}}{{.Path}}@{{.Version}}{{end}}{{end}}{{end}}", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY="+p.URL, "GOSUMDB=off", "GONOPROXY=none", "GOPRIVATE=", "GOFLAGS=", "GOENV=off", "GOTOOLCHAIN=local", "GOMODCACHE="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.Output()
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	return strings.Join(slices.Compact(modules), " "), err
}
