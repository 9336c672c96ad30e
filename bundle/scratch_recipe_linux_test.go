package bundle_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// pod is what the pod of docs/deployment.md says of how it runs.
type pod struct {
	Spec struct {
		SecurityContext struct {
			RunAsNonRoot bool   `yaml:"runAsNonRoot"`
			RunAsUser    uint32 `yaml:"runAsUser"`
		} `yaml:"securityContext"`
		Containers []struct {
			Env             []struct{ Name, Value string }
			SecurityContext struct {
				ReadOnly     bool `yaml:"readOnlyRootFilesystem"`
				Escalation   bool `yaml:"allowPrivilegeEscalation"`
				Capabilities struct{ Drop []string }
			} `yaml:"securityContext"`
		}
	}
}

// deployment returns the Dockerfile's build step and the pod of docs/deployment.md.
func deployment(t *testing.T) (build string, user uint32, env []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/deployment.md")
	require.NoError(t, err)
	step := regexp.MustCompile(`(?ms)^RUN (.*?)\n\n`).FindSubmatch(page)
	require.NotNil(t, step, "a Dockerfile")
	text := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindSubmatch(page)
	require.NotNil(t, text, "a pod")
	var p pod
	require.NoError(t, yaml.Unmarshal(text[1], &p))
	require.Len(t, p.Spec.Containers, 1)
	c := p.Spec.Containers[0]
	require.True(t, p.Spec.SecurityContext.RunAsNonRoot && c.SecurityContext.ReadOnly && !c.SecurityContext.Escalation)
	require.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop)
	for _, v := range c.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	for _, line := range []string{"FROM scratch\n", "COPY --from=build /host /modules.tar /\n", "USER 65532\n", "ENV " + env[0] + "\n", "ENTRYPOINT [\"/host\"]\n"} {
		require.True(t, strings.Contains(string(page), line), line)
	}
	require.True(t, slices.Contains(env, "LOAD_BUNDLE=/modules.tar"))
	return strings.ReplaceAll(string(step[1]), "\\\n", " "), p.Spec.SecurityContext.RunAsUser, env
}
