package main

import (
	"os"
	"path/filepath"

	"github.com/loadgo/load/store"
)

// history is the file that keeps what was typed, "" for none. Nobody else can read it.
func history() string {
	path := os.Getenv("LOAD_HISTORY")
	if path == "off" {
		return ""
	}
	if path == "" {
		dir := os.Getenv("LOAD_DIR")
		if dir == "" {
			var err error
			if dir, err = store.DefaultDir(); err != nil {
				return ""
			}
		}
		path = filepath.Join(dir, store.HistoryName)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "" // a session without one
	}
	_ = file.Close()
	return path
}
