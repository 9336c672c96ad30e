// Package gitenv is the environment in which git is started: that of the user, who git then knows,
// without what would lead it to another repository, configuration, program or address than it is
// given.
package gitenv

import (
	"slices"
	"strings"
)

// kept are the variables of git that do not lead anywhere else: whom to trust, and which files hold
// the user's configuration, of which the callers refuse what rewrites an address.
var kept = []string{
	"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY",
	"GIT_PROXY_SSL_CAINFO", "GIT_HTTP_USER_AGENT",
}

// Clean returns an environment ("NAME=value") without what leads git elsewhere, and with what keeps
// it from asking.
func Clean(environ []string) []string {
	var env []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		if strings.HasPrefix(upper, "GIT_") && !slices.Contains(kept, name) || upper == "SSH_ASKPASS" || upper == "SSH_ASKPASS_REQUIRE" || strings.HasPrefix(upper, "LC_") || upper == "LANGUAGE" {
			continue
		}
		env = append(env, variable)
	}
	return append(env, "GIT_SSH_COMMAND=ssh -o ControlMaster=no -o BatchMode=yes", "GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never", "LC_ALL=C")
}
