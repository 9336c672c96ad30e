// Command plugin is the plugin of the yardstick.
package main

import (
	"io"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/loadgo/load/benchmarks/echo"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: echo.Handshake,
		Plugins:         map[string]plugin.Plugin{"echo": echo.Plugin{}},
		Logger:          hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
}
