package main

import "github.com/loadgo/load/internal/wording"

// inWords puts what the user of the command set in the place of the fields of the library.
func (s *session) inWords(text string) string {
	return wording.OfCommand(text, func(option string) bool {
		if s.command == nil {
			return false
		}
		f := s.command.Flags().Lookup(option)
		return f != nil && f.Changed
	})
}
