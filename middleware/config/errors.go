package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/spelling"
)

// UnknownFieldError reports a value for which the configuration has no field.
type UnknownFieldError struct {
	Field    string   // its path: "response.sett", "rewrites[0].regexp"
	NearMiss []string // fields beside it that are spelled alike
}

func (e *UnknownFieldError) Error() string {
	s := fmt.Sprintf("no field %s", e.Field)
	if len(e.NearMiss) > 0 {
		s += "; did you mean " + strings.Join(e.NearMiss, " or ") + "?"
	}
	return s
}

// unknown reports the unused values as errors. fields are the paths of all fields that there are.
func unknown(unused, fields []string) error {
	slices.Sort(unused)
	var errs []error
	for _, path := range unused {
		parent, name := cutPath(path)
		var beside []string
		for _, field := range fields {
			if p, n := cutPath(field); p == parent {
				beside = append(beside, n)
			}
		}
		if i := slices.IndexFunc(beside, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
			errs = append(errs, fmt.Errorf("%s is given twice, in upper and lower case", path))
			continue
		}
		errs = append(errs, &UnknownFieldError{Field: path, NearMiss: spelling.Near(name, slices.Values(beside), 3)})
	}
	return errors.Join(errs...)
}

// cutPath cuts the last name off a path.
func cutPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:]
}
