package gitenv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/internal/gitenv"
)

// What leads git elsewhere does not reach it, and what says whom to trust does.
func TestClean(t *testing.T) {
	t.Parallel()
	own := gitenv.Clean(nil)
	for _, name := range []string{
		"GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG", "GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND",
		"GIT_SSH_VARIANT", "GIT_PROXY_COMMAND", "GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ASKPASS", "GIT_TEMPLATE_DIR", "GIT_SSL_NO_VERIFY", "GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL_FROM_USER",
		"GIT_TRACE", "GIT_REPLACE_REF_BASE", "GIT_ATTR_SOURCE", "GIT_FUTURE", "Git_Exec_Path", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
	} {
		assert.Equal(t, own, gitenv.Clean([]string{name + "=elsewhere"}), name)
	}
	for _, name := range []string{"HOME", "PATH", "SSH_AUTH_SOCK", "HTTPS_PROXY", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GITHUB_TOKEN"} {
		assert.Contains(t, gitenv.Clean([]string{name + "=x"}), name+"=x")
	}
}
