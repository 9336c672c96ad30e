// Package echo is what the plugin of the yardstick does, for hashicorp/go-plugin over net/rpc.
package echo

import (
	"net/rpc"

	"github.com/hashicorp/go-plugin"
)

// Handshake is what host and plugin agree on.
var Handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "ECHO_PLUGIN", MagicCookieValue: "echo"}

// Plugin serves and dispenses an [Echo].
type Plugin struct{}

// Server implements [plugin.Plugin].
func (Plugin) Server(*plugin.MuxBroker) (any, error) { return server{}, nil }

// Client implements [plugin.Plugin]; what it returns is an [Echo].
func (Plugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return Echo{c}, nil }

// server is the plugin's side.
type server struct{}

// Echo answers with what it is asked.
func (server) Echo(args string, reply *string) error {
	*reply = args
	return nil
}

// Echo is the host's side.
type Echo struct{ client *rpc.Client }

// Echo returns s, by way of the plugin.
func (e Echo) Echo(s string) (string, error) {
	var reply string
	err := e.client.Call("Plugin.Echo", s, &reply)
	return reply, err
}
