package standard

import (
	"context"
	"os"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/internal/naming"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// PublishModules puts Go modules, each MODULE@VERSION, into an OCI registry, under the policies of a
// configuration and what the environment adds to it, and calls done after each; see
// [goproxy.Installer.Publish].
func PublishModules(ctx context.Context, config load.Config, place string, modules []string, done func(*goproxy.Published)) error {
	config, err := environment(config)
	if err != nil {
		return err
	}
	if config.Store == nil {
		if config.Store, err = store.Open(os.Getenv("LOAD_DIR")); err != nil {
			return err
		}
	}
	session := &install.Session{Store: config.Store, Events: config.Events, Progress: config.Progress, Offline: config.Offline, Policies: config.Policies}
	if session.Registries, err = policy.NewRegistries(config.Policies); err != nil {
		return err
	}
	in, names := goproxy.New(goproxy.Config{OCI: ociConfig()}), naming.New(session.Registries)
	for _, text := range modules {
		name, err := names.Parse(text)
		if err != nil {
			return err
		}
		p, err := in.Publish(ctx, session, place, name.Target, name.Query)
		if err != nil {
			return err
		}
		done(p)
	}
	return nil
}
