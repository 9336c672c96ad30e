package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/internal/webhost"
)

// credential says who the user is to a registry. It is asked after the registry refused, and not
// for what is reached over plain http, unless that is this machine. Its errors hold nothing that a
// file or a helper said, since that may be the secret.
func (r *Repository) credential(ctx context.Context, host string) (auth.Credential, error) {
	if host != r.remote.Reference.Host() || r.plain && !webhost.IsLocal(hostname(host)) {
		return auth.EmptyCredential, nil
	}
	if ask := r.in.config.Credentials; ask != nil {
		user, password, err := ask(ctx, r.ref.registry)
		if err != nil {
			return auth.EmptyCredential, &webclient.CredentialsError{Reason: "Config.Credentials: " + err.Error(), Err: err}
		}
		if user != "" || password != "" {
			return auth.Credential{Username: user, Password: password}, nil
		}
	}
	return r.in.docker.credential(ctx, host)
}

func hostname(hostPort string) string {
	host, _, _ := splitPort(hostPort)
	return host
}

// dockerConfig is the configuration of docker. It is read each time, so that `docker login` helps a
// program that runs.
type dockerConfig struct{ file string }

// path is where it is, or "".
func (c dockerConfig) path() string {
	switch c.file {
	case "off":
		return ""
	case "":
	default:
		return c.file
	}
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".docker", "config.json")
	}
	return ""
}

func (c dockerConfig) credential(ctx context.Context, host string) (auth.Credential, error) {
	path := c.path()
	if path == "" {
		return auth.EmptyCredential, nil
	}
	store, err := credentials.NewStore(path, credentials.StoreOptions{})
	if err != nil {
		return auth.EmptyCredential, unusable("the docker configuration cannot be read", err)
	}
	found, err := store.Get(ctx, credentials.ServerAddressFromHostname(host))
	if err != nil {
		return auth.EmptyCredential, unusable("the docker configuration, or the helper that it names, gives no credentials for "+host, err)
	}
	return found, nil
}

func unusable(reason string, err error) error {
	if ctx := context.Canceled; errors.Is(err, ctx) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &webclient.CredentialsError{Reason: reason, Fix: "run `docker login`, `oras login` or `podman login --authfile` again, or repair the helper"}
}

// places tells where credentials are looked for, for the reader of a refusal.
func (r *Repository) places() string {
	if r.plain && !webhost.IsLocal(hostname(r.ref.registry)) {
		return "none are sent over plain http; use https"
	}
	places := "the docker configuration"
	if path := r.in.docker.path(); path != "" {
		places += fmt.Sprintf(" (%s)", path)
	}
	if r.in.config.Credentials != nil {
		places = "Config.Credentials or " + places
	}
	return "log in with `docker login " + r.ref.registry + "`, or check " + places
}
