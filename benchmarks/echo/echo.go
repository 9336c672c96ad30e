// Package echo is the sample as a plugin of hashicorp/go-plugin, over net/rpc and over gRPC.
package echo

import (
	"context"
	"net/rpc"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/loadgo/load/benchmarks/sample"
)

// Handshake is what host and plugin agree on.
var Handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "ECHO_PLUGIN", MagicCookieValue: "echo"}

// Sample is the host's side.
type Sample interface {
	Echo(s string) (string, error)
	Fib(n int) (int, error)
}

// Plugin serves and dispenses a [Sample] over net/rpc.
type Plugin struct{}

// Server implements [plugin.Plugin].
func (Plugin) Server(*plugin.MuxBroker) (any, error) { return server{}, nil }

// Client implements [plugin.Plugin]; what it returns is a [Sample].
func (Plugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return client{c}, nil }

// server is the plugin's side.
type server struct{}

// Echo answers with what it is asked.
func (server) Echo(args string, reply *string) error {
	*reply = sample.Echo(args)
	return nil
}

// Fib answers with a Fibonacci number.
func (server) Fib(n int, reply *int) error {
	*reply = sample.Fib(n)
	return nil
}

type client struct{ *rpc.Client }

// Echo implements [Sample].
func (c client) Echo(s string) (reply string, err error) {
	err = c.Call("Plugin.Echo", s, &reply)
	return reply, err
}

// Fib implements [Sample].
func (c client) Fib(n int) (reply int, err error) {
	err = c.Call("Plugin.Fib", n, &reply)
	return reply, err
}

// GRPC serves and dispenses a [Sample] over gRPC.
type GRPC struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements [plugin.GRPCPlugin].
func (GRPC) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&service, nil)
	return nil
}

// GRPCClient implements [plugin.GRPCPlugin]; what it returns is a [Sample].
func (GRPC) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return remote{c}, nil
}

// service is what a compiler of protobuf would write of a service with two methods.
var service = grpc.ServiceDesc{ServiceName: "Sample", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{
	{MethodName: "Echo", Handler: method(func(in *wrapperspb.StringValue) any { return wrapperspb.String(sample.Echo(in.Value)) })},
	{MethodName: "Fib", Handler: method(func(in *wrapperspb.Int64Value) any { return wrapperspb.Int64(int64(sample.Fib(int(in.Value)))) })},
}}

// handler is the type of grpc.MethodDesc's Handler, which has no name there.
type handler = func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)

func method[T any](answer func(*T) any) handler {
	return func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(T)
		if err := decode(in); err != nil {
			return nil, err
		}
		return answer(in), nil
	}
}

type remote struct{ *grpc.ClientConn }

// Echo implements [Sample].
func (r remote) Echo(s string) (string, error) {
	var reply wrapperspb.StringValue
	err := r.Invoke(context.Background(), "/Sample/Echo", wrapperspb.String(s), &reply)
	return reply.Value, err
}

// Fib implements [Sample].
func (r remote) Fib(n int) (int, error) {
	var reply wrapperspb.Int64Value
	err := r.Invoke(context.Background(), "/Sample/Fib", wrapperspb.Int64(int64(n)), &reply)
	return int(reply.Value), err
}
