package gowasm

import (
	"embed"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/wasmrun"
)

// directories mounts what is granted.
func (e *Engine) directories(r *refusals) wazero.FSConfig {
	files := wasmrun.NewFiles()
	// Without a root, the Go runtime takes every path for a descriptor that is not open.
	files.Mount("/", watched{FS: &sysfs.AdaptFS{FS: embed.FS{}}, at: "/", refusals: r})
	for _, dir := range e.config.ReadOnly {
		files.Mount(dir, watched{FS: &sysfs.ReadFS{FS: wasmrun.NewRooted(dir)}, at: dir, readable: true, refusals: r})
	}
	for _, dir := range e.config.ReadWrite {
		files.Mount(dir, wasmrun.NewRooted(dir))
	}
	return files.Config()
}

// checkDirectories refuses directories that cannot be granted.
func (e *Engine) checkDirectories() error {
	if field, reason := wasmrun.BadDirectory(e.config.ReadOnly, e.config.ReadWrite); reason != "" {
		return &load.ConfigError{Setting: "gowasm.Config." + field, Reason: reason}
	}
	return nil
}
