package wasm

import (
	"embed"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/manifest"
	"github.com/loadgo/load/internal/wasmrun"
)

// mount is a directory that a module sees at a path.
type mount struct {
	dir, at  string
	readOnly bool
}

// mounted is the configuration with its directories at their own paths.
func (c Config) mounted() Config {
	c.mounts = nil
	for _, dir := range c.ReadOnly {
		c.mounts = append(c.mounts, mount{dir, dir, true})
	}
	for _, dir := range c.ReadWrite {
		c.mounts = append(c.mounts, mount{dir, dir, false})
	}
	return c
}

// with is the configuration for a module with these grants and limits.
func (c Config) with(g engine.Grants, l engine.Limits) Config {
	c.ReadOnly = slices.Concat(c.ReadOnly, g.ReadOnly)
	c.ReadWrite = slices.Concat(c.ReadWrite, g.ReadWrite)
	c.Env = slices.Concat(c.Env, g.Environ())
	if g.Network {
		c.Hosts = []string{"*"}
	}
	if l.Memory > 0 {
		c.Memory = l.Memory
	}
	return c.mounted()
}

// narrowed is the configuration for a plugin whose manifest, in a directory, asks for something: of
// what is granted it gets what it asks for, and no more. A directory that it asks for and does not
// get is an error.
func (c Config) narrowed(asks *manifest.Asks, dir string) (Config, error) {
	if asks == nil {
		return c, nil
	}
	c.asks, c.mounts = asks, nil
	values := maps.Clone(asks.Config)
	if values == nil {
		values = make(map[string]string)
	}
	maps.Copy(values, c.Values)
	c.Values = values
	if len(asks.Hosts) == 0 {
		c.Hosts = nil
	}
	if asks.Memory > 0 {
		c.Memory = min(c.Memory, asks.Memory)
	}
	for _, p := range asks.Paths {
		place := p.Host
		if !filepath.IsAbs(place) {
			place = filepath.Join(dir, place)
		}
		if !filepath.IsAbs(place) {
			return c, &engine.InitError{Reason: fmt.Sprintf("its manifest asks for the directory %s, which is relative, and lies in none itself", p.Host)}
		}
		place = filepath.Clean(place)
		if !slices.Contains(c.ReadWrite, place) && (!p.ReadOnly || !slices.Contains(c.ReadOnly, place)) {
			use, field := "read and change", "ReadWrite"
			if p.ReadOnly {
				use, field = "read", "ReadOnly"
			}
			return c, &engine.InitError{Reason: fmt.Sprintf("its manifest asks to %s %s, which is not granted: name the directory in wasm.Config.%s, or grant it in a policy", use, place, field)}
		}
		c.mounts = append(c.mounts, mount{place, p.Guest, p.ReadOnly})
	}
	return c, nil
}

// maxVariables is how many bytes the variables of a plugin take: 1 MiB, or what its manifest says
// within the memory that it may use.
func (c Config) maxVariables() int64 {
	if c.asks == nil || c.asks.MaxVariables < 0 {
		return 1 << 20
	}
	return min(c.asks.MaxVariables, c.Memory)
}

// maxResponse is how many bytes of the body of an HTTP answer a plugin gets: 50 MiB, or what its
// manifest says within the memory that it may use.
func (c Config) maxResponse() int64 {
	if c.asks == nil || c.asks.MaxResponse < 0 {
		return 50 << 20
	}
	return min(c.asks.MaxResponse, c.Memory)
}

// directories mounts what is granted.
func (c Config) directories() wazero.FSConfig {
	files := wasmrun.NewFiles()
	// Without a root, Go's runtime takes every path for a descriptor that is not open.
	files.Mount("/", &sysfs.ReadFS{FS: &sysfs.AdaptFS{FS: embed.FS{}}})
	for _, m := range c.mounts {
		if m.readOnly {
			files.Mount(m.at, &sysfs.ReadFS{FS: wasmrun.NewRooted(m.dir)})
		} else {
			files.Mount(m.at, wasmrun.NewRooted(m.dir))
		}
	}
	return files.Config()
}

// checkDirectories refuses directories that cannot be granted.
func (e *Engine) checkDirectories() error {
	if field, reason := wasmrun.BadDirectory(e.config.ReadOnly, e.config.ReadWrite); reason != "" {
		return &load.ConfigError{Setting: "wasm.Config." + field, Reason: reason}
	}
	return nil
}
