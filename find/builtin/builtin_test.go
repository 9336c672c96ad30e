package builtin_test

import (
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/require"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
		f := builtin.New()
		for _, s := range []string{"greet", "rules/tax", "strings"} {
			name, err := find.ParseName(s)
			if err == nil {
				err = f.Register(name, &find.HostSource{})
			}
			require.NoError(t, err)
		}
		return f, loadtest.FinderCases{
			Found:    []string{"greet", "rules/tax", "strings"},
			NotFound: []string{"rules", "greet@v1.0.0", "./greet", "gh:a/b"},
		}
	})
}
