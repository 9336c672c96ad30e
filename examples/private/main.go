// Command private shows modules that come from a registry of one's own, with a token: a company's
// registry, which this program serves itself, owns all names below corp.example.com, and nobody
// else is asked for those.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/standard"
)

// token is usually a secret of the user, in LOAD_TOKEN_COMPANY.
const token = "example"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	url, stop, err := serve()
	if err != nil {
		return err
	}
	defer stop()

	// The rules are usually a file, load.policy, which LOAD_POLICY names. Without "insecure", only
	// https will do.
	p, err := policy.Parse("load.policy", []byte("load.policy 1\nregistry company "+url+" corp.example.com insecure\n"))
	if err != nil {
		return err
	}
	l, err := standard.New(load.Config{Policies: []*policy.Policy{p}})
	if err != nil {
		return err
	}
	defer l.Close(ctx)

	_, err = l.Load(ctx, "company:team/greet")
	var refused *load.RegistryError
	if errors.As(err, &refused) {
		fmt.Fprintln(w, "without a token:", refused.Reason)
	}

	os.Setenv("LOAD_TOKEN_COMPANY", token)
	defer os.Unsetenv("LOAD_TOKEN_COMPANY")
	m, err := l.Load(ctx, "company:team/greet")
	if err != nil {
		return err
	}
	greet, err := load.Func[func(string) string](m, "Greet")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", m, greet("you"))
	return err
}

// serve starts the company's registry on this machine.
func serve() (url string, stop func() error, err error) {
	r, err := newRegistry()
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: r}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), server.Close, nil
}
