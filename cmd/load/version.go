package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"

	"github.com/loadgo/load/internal/wire"
)

func versionCommand() command {
	return command{
		name:  "version",
		args:  "[options]",
		short: "print the version of load",
		flags: func(f *pflag.FlagSet, o *options) { o.jsonFlag(f) },
		takes: nothing,
		run: func(_ context.Context, s *session, _ []string) error {
			version := "(unknown)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			if s.json {
				return printJSON(s.stdout, map[string]any{"version": version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "wire": wire.Format})
			}
			fmt.Fprintf(s.stdout, "load version %s %s %s/%s wire format %d\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, wire.Format)
			return nil
		},
	}
}
