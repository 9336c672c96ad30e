package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/loadgo/load/internal/wire"
)

func versionCommand() command {
	return command{
		name:  "version",
		short: "print the version of load",
		run: func(_ context.Context, s *session, args []string) error {
			if len(args) != 0 {
				return &usageError{"it takes no arguments"}
			}
			version := "(unknown)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			fmt.Fprintf(s.stdout, "load version %s %s %s/%s wire format %d\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, wire.Format)
			return nil
		},
	}
}
