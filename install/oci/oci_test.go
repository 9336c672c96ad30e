package oci_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/internal/asked"
	"github.com/loadgo/load/loadtest"
)

// server is a registry of this process.
type server struct{ *asked.Server }

func serve(t *testing.T, start func(http.Handler) *httptest.Server) *server {
	t.Helper()
	return &server{asked.Start(t, start, registry.New(registry.Logger(log.New(io.Discard, "", 0))))}
}

func (s *server) asked() string { return strings.Join(s.Requests(), "\n") }

func (s *server) host() string { return s.Listener.Addr().String() }

// quick is a configuration that waits for nothing.
func quick() oci.Config {
	return oci.Config{DockerConfig: "off", RetryDelay: time.Millisecond, Stall: 10 * time.Second}
}

// bring resolves and installs a name.
func bring(t *testing.T, in *oci.Installer, session *install.Session, name string) (*install.Release, *find.Spec, error) {
	t.Helper()
	if session.Store == nil {
		session.Store = loadtest.OpenStore(t)
	}
	release, err := in.Resolve(t.Context(), session, loadtest.Name(t, name))
	if err != nil {
		return nil, nil, err
	}
	spec, err := in.Install(t.Context(), session, release)
	return release, spec, err
}

// TestRegistry runs the suite for registries against that of this process and those whose addresses
// LOAD_REGISTRIES lists, with the user's docker configuration.
func TestRegistry(t *testing.T) {
	t.Parallel()
	loadtest.TestRegistry(t, serve(t, httptest.NewServer).host(), quick())
	for _, address := range strings.Fields(os.Getenv("LOAD_REGISTRIES")) {
		t.Run(address, func(t *testing.T) { loadtest.TestRegistry(t, address, oci.Config{}) })
	}
}

// TestInstaller runs the suite for installers.
func TestInstaller(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	script := loadtest.Layer{MediaType: "text/plain", Title: "tax.star", Data: []byte("rate = 1\n")}
	loadtest.PushLayers(t, oci.New(quick()), s.host()+"/rules:v1.0.0", script)
	loadtest.PushLayers(t, oci.New(quick()), s.host()+"/rules", script)
	at := "oci::" + s.host() + "/"
	loadtest.TestInstaller(t, func(*testing.T) (install.Installer, loadtest.InstallerCases) {
		return oci.New(quick()), loadtest.InstallerCases{
			Found: []string{at + "rules", at + "rules:v1.0.0", at + "rules:v1.0.0//tax.star"}, NotFound: []string{at + "other", at + "rules:v2.0.0"},
			Foreign: []string{"example.com/rules", "git::https://example.com/rules", "https://example.com/x.star", "./rules"},
		}
	})
}
