// Package trusted keeps modules from writing what the host compiles, runs and believes.
package trusted

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Refuse returns why one of the writable places cannot be granted, an [*fs.PathError], or nil: it
// is, holds or lies in one of the trusted files and directories. These need not exist; what is no
// absolute path stands for nothing.
func Refuse(writable, trusted []string) error {
	for _, place := range writable {
		info, err := os.Stat(place)
		if err != nil {
			continue // who grants it meets that, too
		}
		for _, file := range trusted {
			if reason := whyNot(place, info, file); reason != "" {
				return &fs.PathError{Op: "grant", Path: place, Err: errors.New(reason)}
			}
		}
	}
	return nil
}

func whyNot(place string, info fs.FileInfo, file string) string {
	if !filepath.IsAbs(file) {
		return ""
	}
	const what = "load compiles, runs or believes what is there; let the module write elsewhere"
	if slices.ContainsFunc(above(file), func(dir string) bool { return isFile(dir, info) }) {
		if isFile(file, info) {
			return what
		}
		return fmt.Sprintf("it holds %s: %s", file, what)
	}
	if trusted, err := os.Stat(file); err == nil && slices.ContainsFunc(above(place), func(dir string) bool { return isFile(dir, trusted) }) {
		return fmt.Sprintf("it lies in %s: %s", file, what)
	}
	return ""
}

func isFile(path string, info fs.FileInfo) bool {
	other, err := os.Stat(path)
	return err == nil && os.SameFile(other, info)
}

// above lists a path and all directories above it: above the links that lead there, and above what
// they lead to. Who may write one of them may put something else in the place of the next.
func above(path string) (all []string) {
	add := func(path string) {
		for ; !slices.Contains(all, path); path = filepath.Dir(path) {
			all = append(all, path)
		}
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		add(real) // where ".." behind a link leads elsewhere than its text says
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return all
	}
	for links := 0; links < 255; links++ {
		add(path)
		next, link := step(path)
		if !link {
			break
		}
		path = next
	}
	return all
}

// step follows the first link in a path, and reports whether there was one.
func step(path string) (next string, link bool) {
	var before []string
	for dir := path; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		before = append(before, dir)
	}
	for _, dir := range slices.Backward(before) {
		target, err := os.Readlink(dir)
		if err != nil {
			continue
		}
		rest, err := filepath.Rel(dir, path)
		if err != nil {
			return "", false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(dir), target)
		}
		return filepath.Join(target, rest), true
	}
	return "", false
}
