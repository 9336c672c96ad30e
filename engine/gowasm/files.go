package gowasm

import (
	"embed"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	wasys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/wasmrun"
)

// directories mounts what is granted.
func (e *Engine) directories(r *refusals) wazero.FSConfig {
	config := wazero.NewFSConfig()
	mount := func(dir string, fsys wasys.FS) {
		config = config.(sysfs.FSConfig).WithSysFSMount(fsys, filepath.ToSlash(dir))
	}
	// Without a root, the Go runtime takes every path for a descriptor that is not open.
	mount("/", watched{FS: &sysfs.AdaptFS{FS: embed.FS{}}, at: "/", refusals: r})
	for _, dir := range e.config.ReadOnly {
		mount(dir, watched{FS: &sysfs.ReadFS{FS: wasmrun.NewRooted(dir)}, at: dir, readable: true, refusals: r})
	}
	for _, dir := range e.config.ReadWrite {
		mount(dir, wasmrun.NewRooted(dir))
	}
	return config
}

// checkDirectories refuses directories that cannot be granted.
func (e *Engine) checkDirectories() error {
	if field, reason := wasmrun.BadDirectory(e.config.ReadOnly, e.config.ReadWrite); reason != "" {
		return &load.ConfigError{Setting: "gowasm.Config." + field, Reason: reason}
	}
	return nil
}
