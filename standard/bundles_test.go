package standard

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestBundleList: a list of bundles is one of files, as LOAD_PATH is one of directories, and of
// references, which hold the separator themselves.
func TestBundleList(t *testing.T) {
	t.Parallel()
	if filepath.ListSeparator != ':' {
		assert.Equal(t, []string{"oci://r.example.com:5000/m:v1", `C:\m.tar`}, bundleList(`oci://r.example.com:5000/m:v1;C:\m.tar`))
		return
	}
	digest := "@sha256:0123456789abcdef"
	for list, want := range map[string][]string{
		"":                                          nil,
		"a.tar":                                     {"a.tar"},
		"a.tar:/b.tar":                              {"a.tar", "/b.tar"},
		"oci://r.example.com/m":                     {"oci://r.example.com/m"},
		"oci://r.example.com:5000/team/m:v1":        {"oci://r.example.com:5000/team/m:v1"},
		"oci://localhost:5000/m" + digest:           {"oci://localhost:5000/m" + digest},
		"oci://r.example.com/m:v1:/b.tar":           {"oci://r.example.com/m:v1", "/b.tar"},
		"oci://r.example.com/m:./b.tar:c.tar":       {"oci://r.example.com/m", "./b.tar", "c.tar"},
		"a.tar:oci://r.example.com:80/m:v1:../b":    {"a.tar", "oci://r.example.com:80/m:v1", "../b"},
		"oci://a.com/m:v1:oci://b.com:5000/n:v2":    {"oci://a.com/m:v1", "oci://b.com:5000/n:v2"},
		"oci://a.com/m:oci://b.com/n:oci://c.com/o": {"oci://a.com/m", "oci://b.com/n", "oci://c.com/o"},
	} {
		assert.Equal(t, want, bundleList(list), list)
	}
}
