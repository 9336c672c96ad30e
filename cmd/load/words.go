package main

import (
	"os"
	"strings"
)

// inWords puts the option or the variable that was set in the place of the field of the Config that
// it sets, where a message names that as the reason.
func (s *session) inWords(text string) string {
	for _, setting := range []struct {
		field, option, variable string
		given                   bool
	}{
		{"(Config.Frozen)", "-frozen", "LOAD_FROZEN", s.frozen},
		{"(Config.Offline)", "-offline", "LOAD_OFFLINE", s.offline},
	} {
		switch {
		case setting.given:
			text = strings.ReplaceAll(text, setting.field, "("+setting.option+")")
		case os.Getenv(setting.variable) != "":
			text = strings.ReplaceAll(text, setting.field, "("+setting.variable+")")
		}
	}
	return text
}
