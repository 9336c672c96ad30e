package standard

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/bundle/remote"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/policy"
)

// isSet reports whether an environment variable turns something on: it is there, and says neither
// "0" nor "false".
func isSet(name string) bool {
	value := os.Getenv(name)
	on, err := strconv.ParseBool(value)
	return value != "" && (on || err != nil)
}

// environment adds what the environment says to a configuration, but for where modules come from.
func environment(config load.Config) (load.Config, error) {
	if config.LockFile == "" {
		config.LockFile = os.Getenv("LOAD_LOCK")
	}
	if file := os.Getenv("LOAD_POLICY"); file != "" {
		p, err := policy.Read(file)
		if err != nil {
			return config, fmt.Errorf("LOAD_POLICY: %w", err)
		}
		config.Policies = append(slices.Clip(config.Policies), p)
	}
	config.Frozen = config.Frozen || isSet("LOAD_FROZEN")
	config.NoInstall = config.NoInstall || isSet("LOAD_NO_INSTALL")
	config.Offline = config.Offline || isSet("LOAD_OFFLINE")
	if file := os.Getenv("LOAD_TRACE"); file != "" {
		config.Events = trace(file, config.Events)
	}
	return config, nil
}

// Registries returns how OCI registries are asked for bundles, by a configuration and what the
// environment adds to it: Policies, Events, Offline and Store.
func Registries(config load.Config) (registry.Config, error) {
	config, err := environment(config)
	return registries(config), err
}

func registries(config load.Config) registry.Config {
	return registry.Config{OCI: ociConfig(), Policies: config.Policies, Events: config.Events, Offline: config.Offline, Store: config.Store}
}

// Artifacts returns where the fleet's artifacts are and who signs them, by a configuration and what
// the environment adds to it.
func Artifacts(config load.Config) (remote.Config, error) {
	config, err := environment(config)
	return artifacts(config), err
}

func artifacts(config load.Config) remote.Config {
	places := strings.FieldsFunc(os.Getenv("LOAD_REMOTE"), func(r rune) bool { return r == ',' || r == ' ' })
	return remote.Config{Places: places, Policies: config.Policies, OCI: ociConfig()}
}

// fleet returns the remote of a configuration, or nil.
func fleet(config load.Config) (engine.Remote, error) {
	where := artifacts(config)
	if len(where.Places) == 0 && !remote.Named(where.Policies) {
		return nil, nil
	}
	return remote.New(where)
}

// bundles returns the bundles of a configuration, and those that LOAD_BUNDLE names after them.
func bundles(config load.Config) ([]load.Bundle, error) {
	all := slices.Clip(config.Bundles)
	for _, place := range bundleList(os.Getenv("LOAD_BUNDLE")) {
		var b *bundle.Bundle
		var err error
		if strings.HasPrefix(place, registry.Scheme) {
			b, err = registry.Open(context.Background(), place, registries(config))
		} else {
			b, err = bundle.Open(place)
		}
		if err == nil && isSet("LOAD_BUNDLE_SOURCES") {
			b, err = b.WithSources()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// sources are the sources of those bundles that were opened with them.
func sources(bundles []load.Bundle) (all []fs.FS) {
	for _, b := range bundles {
		if sourced, ok := b.(interface{ Sources() fs.FS }); ok && sourced.Sources() != nil {
			all = append(all, sourced.Sources())
		}
	}
	return all
}

// bundleList splits a list of files and references. The separator of lists may be a part of a
// reference: it ends one only where a path with a slash, or another reference, follows.
func bundleList(list string) []string {
	if filepath.ListSeparator != ':' {
		return filepath.SplitList(list)
	}
	var places []string
	var reference bool
	for _, part := range filepath.SplitList(list) {
		last := len(places) - 1
		switch {
		case last >= 0 && places[last] == "oci" && strings.HasPrefix(part, "//"):
			places[last], reference = "oci:"+part, true
		case reference && part != "oci" && !strings.HasPrefix(part, "/") && !strings.HasPrefix(part, "."):
			places[last] += string(filepath.ListSeparator) + part
		default:
			places, reference = append(places, part), strings.HasPrefix(part, registry.Scheme)
		}
	}
	return places
}

// ociConfig is what the environment says of OCI registries.
func ociConfig() oci.Config {
	return oci.Config{Insecure: os.Getenv("GOINSECURE"), TokenHosts: os.Getenv("LOAD_TOKEN_HOSTS")}
}

// trace returns a sink that also appends each event as a line of JSON to a file. The file is open
// only while a line is written: there is nothing to close, and processes can share it.
func trace(file string, further load.Sink) load.Sink {
	lines := event.Trace(appender(file))
	return func(e load.Event) {
		lines(e)
		if further != nil {
			further(e)
		}
	}
}

// appender is the name of a file that what is written is appended to.
type appender string

func (a appender) Write(line []byte) (int, error) {
	f, err := os.OpenFile(string(a), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(line)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}
