// Package token names the variables of the environment that hold the tokens of named registries,
// and keeps them from other processes.
package token

import (
	"slices"
	"strings"
)

const prefix = "LOAD_TOKEN_"

// Variable returns the variable that holds the token of a registry: LOAD_TOKEN_MY_TEAM for
// "my-team".
func Variable(registry string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(registry, "-", "_"))
}

// Holds reports whether a variable holds a token. Systems that ignore the case of variables are why
// it does, too.
func Holds(variable string) bool {
	return len(variable) >= len(prefix) && strings.EqualFold(variable[:len(prefix)], prefix)
}

// Without returns an environment, of "NAME=value" lines, without tokens.
func Without(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), Holds)
}
