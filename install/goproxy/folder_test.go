package goproxy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
)

// TestFolder compares with the go command what is built of folders in which modules require each
// other, and of such where something else has the name of a file of the go command's.
func TestFolder(t *testing.T) {
	t.Parallel()
	const (
		replaceN = "\nrequire example.com/n v1.0.0\n\nreplace example.com/n => ../n\n"
		onM      = "\nrequire example.com/m v1.5.0\n"
		fileX    = "-- m/x/x.go --\npackage x\n"
		usesX    = "-- n/n.go --\npackage n\n\nimport _ \"example.com/m/x\"\n"
	)
	for _, test := range []struct{ what, files string }{
		{"a module requires itself", workM + onM + alone},
		{"what it requires requires it", workM + replaceN + needN + workN + onM + fileN},
		{"what it requires imports a package of it", workM + replaceN + needN + fileX + workN + onM + usesX},
		{"what it requires needs a prerelease of it", workM + replaceN + needN + workN + "\nrequire example.com/m v1.99.0-rc.1\n" + fileN},
		{"a module of its workspace requires it", useMN + workM + needN + workN + onM + fileN},
		{"a module of its workspace imports a package of it", useMN + workM + needN + fileX + workN + onM + usesX},
		{"a module of its workspace requires itself", useMN + workM + needN + workN + "\nrequire example.com/n v1.7.0\n" + fileN},
		{"go.work is a directory", "-- go.work/x --\n" + workM + alone},
		{"a package holds a directory go.mod", workM + "-- m/m.go --\npackage m\n\nimport _ \"example.com/m/x\"\n" + fileX + "-- m/x/go.mod/y --\n"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			p := loadtest.Proxy(t, reachable)
			dir := layWorkspace(t, test.files)
			_, err := goWorkModules(t, p, dir)
			require.NoError(t, err)
			spec, err := goproxy.New(config(p)).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
			require.NoError(t, err)
			goBuild(t, spec)
		})
	}
}

// TestFolderLinks: what a link outside of the module leads to is not part of it, and the error says
// which link it is.
func TestFolderLinks(t *testing.T) {
	t.Parallel()
	const outside = "-- out/x.go --\npackage x\n"
	for what, link := range map[string][2]string{
		"a file":                      {"x.go", "../out/x.go"},
		"a directory":                 {"x", "../out"},
		"a directory above a package": {"a", "../out"},
		"an absolute link":            {"x", "%"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			imports := map[string]string{"x": "/x", "a": "/a/b"}[link[0]]
			files := workM + outside + "-- out/b/b.go --\npackage b\n-- m/m.go --\npackage m\n"
			if imports != "" {
				files += "\nimport _ \"example.com/m" + imports + "\"\n"
			}
			dir := layWorkspace(t, files)
			target := link[1]
			if target == "%" {
				target = filepath.Join(filepath.Dir(dir), "out")
			}
			if err := os.Symlink(target, filepath.Join(dir, link[0])); err != nil {
				t.Skip("the system makes no symbolic links: ", err)
			}
			_, err := goproxy.New(config(loadtest.Proxy(t, reachable))).Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, localM(dir))
			assert.ErrorContains(t, err, link[0]+" is a link out of the module, to "+target)
		})
	}
}
