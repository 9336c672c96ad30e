package standard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/policy"
)

// TestRetargeted: a link that leads elsewhere now is a change, for Reload and for Watch, and the
// policies decide about where it leads.
func TestRetargeted(t *testing.T) {
	t.Parallel()
	for way, test := range map[string]struct{ link, to, name string }{
		"the directory":       {"current", "releases/%", "current"},
		"above it":            {"current", "releases/%", "current/sub"},
		"over another link":   {"current", "releases/%", "other"},
		"a file":              {"current", "releases/%/init.star", "current.star"},
		"a file, not its end": {"current", "releases/%/init.star", "current"},
		"Go":                  {"current", "releases/%", "current/go"},
	} {
		for _, watched := range []bool{false, true} {
			name := way + ", reload"
			if watched {
				name = way + ", watch"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dir, err := filepath.EvalSymlinks(t.TempDir())
				require.NoError(t, err)
				for _, release := range []string{"42", "43", "44"} {
					at := filepath.Join(dir, "releases", release)
					require.NoError(t, os.MkdirAll(filepath.Join(at, "sub"), 0o755))
					require.NoError(t, os.MkdirAll(filepath.Join(at, "go"), 0o755))
					replace(t, filepath.Join(at, "init.star"), "def release(): return "+release+"\n")
					replace(t, filepath.Join(at, "sub", "init.star"), "def release(): return "+release+"\n")
					replace(t, filepath.Join(at, "go", "p.go"), "package p\n\nfunc release() int { return "+release+" }\n\nfunc Release() int { return release() }\n")
				}
				link := test.link
				if filepath.Ext(test.to) != "" {
					link += ".star"
				}
				lead := func(release string) {
					to := strings.Replace(filepath.FromSlash(test.to), "%", release, 1)
					require.NoError(t, os.Symlink(to, filepath.Join(dir, ".new")))
					require.NoError(t, os.Rename(filepath.Join(dir, ".new"), filepath.Join(dir, link)))
				}
				lead("42")
				require.NoError(t, os.Symlink("current", filepath.Join(dir, "other")))
				events := make(chan load.Event, 100)
				l := gardenLoader(t, load.Config{
					Policies: []*policy.Policy{{Deny: []string{filepath.ToSlash(filepath.Join(dir, "releases", "44"))}}},
					Events: func(e load.Event) {
						switch e.(type) {
						case event.Kept, event.Reloaded:
							events <- e
						}
					},
				})
				symbol := "release"
				if test.name == "current/go" {
					symbol = "Release"
				}
				asked := filepath.Join(dir, filepath.FromSlash(test.name))
				ref := load.Lazy[func() (int, error)](l, asked, symbol)
				released := func() int {
					n, err := ref.Get()()
					require.NoError(t, err)
					return n
				}
				require.Equal(t, 42, released())
				if watched {
					require.NoError(t, l.Watch(t.Context()))
				}
				reload := func() load.Event {
					if !watched {
						_, _ = l.Reload(t.Context(), asked)
					}
					return <-events
				}
				lead("43")
				require.IsType(t, event.Reloaded{}, reload())
				require.Equal(t, 43, released())
				m, err := l.Load(t.Context(), asked)
				require.NoError(t, err)
				require.Contains(t, m.Name(), filepath.Join("releases", "43"))
				lead("44")
				kept, ok := reload().(event.Kept)
				require.True(t, ok)
				require.ErrorContains(t, kept.Err, " is denied (Config.Policies: deny ")
				require.Equal(t, 43, released())
				lead("42")
				require.IsType(t, event.Reloaded{}, reload())
				require.Equal(t, 42, released())
			})
		}
	}
}
