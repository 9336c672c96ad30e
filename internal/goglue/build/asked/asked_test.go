package asked_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/asked"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

func TestForms(t *testing.T) {
	t.Parallel()
	dir := func(name string) string {
		path, err := filepath.Abs("../../../../loadtest/testdata/" + name)
		require.NoError(t, err)
		return path
	}
	listed := map[string]*workspace.Package{
		"forms":         {Dir: dir("forms"), GoFiles: []string{"forms.go"}, Imports: []string{"encoding/json"}},
		"formless":      {Dir: dir("formless"), GoFiles: []string{"formless.go"}, Imports: []string{"reflect"}},
		"encoding/json": {Dir: "nowhere", GoFiles: []string{"encode.go"}, Standard: true, Imports: []string{"encoding"}},
	}
	assert.Equal(t, api.TextForm|api.BinaryForm|api.JSONForm|api.GobForm|api.ValuerForm|api.ScannerForm, asked.Forms(listed, []string{"formless"}))
	delete(listed, "forms")
	assert.Zero(t, asked.Forms(listed, []string{"formless"}))
}
