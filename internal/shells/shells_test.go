package shells_test

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/shells"
)

// TestQuotes: each script has what it needs to complete within a quote, which it has not from the
// library; that shells then do so is tested with the command.
func TestQuotes(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{"bash": "local opened=", "zsh": `words[-1]=${words[-1][2,-1]}`, "fish": "string trim --left", "powershell": "Register-ArgumentCompleter"} {
		var script strings.Builder
		require.NoError(t, shells.Write(&script, &cobra.Command{Use: "load"}, shell))
		assert.Equal(t, 1, strings.Count(script.String(), want), shell)
	}
	assert.EqualError(t, shells.Write(nil, nil, "tcsh"), `"tcsh" is none of the shells bash, zsh, fish, powershell`)
}
