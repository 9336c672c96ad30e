// Command plugin is the sample's plugin, over gRPC if it has an argument.
package main

import (
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/loadgo/load/benchmarks/echo"
)

func main() {
	config := &plugin.ServeConfig{
		HandshakeConfig: echo.Handshake,
		Plugins:         map[string]plugin.Plugin{"echo": echo.Plugin{}},
		Logger:          hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	}
	if len(os.Args) > 1 { // over gRPC
		config.Plugins, config.GRPCServer = map[string]plugin.Plugin{"echo": echo.GRPC{}}, plugin.DefaultGRPCServer
	}
	plugin.Serve(config)
}
