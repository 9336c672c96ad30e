package goproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy/internal/checksum"
	"github.com/loadgo/load/install/goproxy/internal/gomod"
	"github.com/loadgo/load/install/goproxy/internal/modzip"
	"github.com/loadgo/load/install/goproxy/internal/origin"
	"github.com/loadgo/load/policy"
)

// Published is what [Installer.Publish] did.
type Published struct {
	Module, Version string
	Digest          string // of the manifest
	Sum             string // of the module, "h1:…", as a lock file has it
	Sent            bool   // it was not there
}

// String returns a line for a user.
func (p *Published) String() string {
	if !p.Sent {
		return p.Module + " " + p.Version + " is there already: " + p.Digest
	}
	return p.Module + " " + p.Version + " sent: " + p.Digest
}

// ExistsError reports that a registry has other contents of a version already. Nothing was changed.
type ExistsError = origin.ExistsError

// Publish puts what a module proxy serves of a version (.info, .mod and .zip) into an OCI registry,
// from which a rule "registry NAME oci://…" of a policy lets programs load it. place is the URL of
// the rule, such as oci://registry.example.com/team/go: the module has a repository below that. The
// version comes from where it would be installed from, or, if the registry that owns it is that
// place, from its own repository, and is verified alike. What is there is not replaced; other
// contents are an [*ExistsError]. The session's store keeps what the checksum database says.
func (in *Installer) Publish(ctx context.Context, session *install.Session, place, path, version string) (*Published, error) {
	m := module.Version{Path: path, Version: version}
	if module.CanonicalVersion(version) != version || module.Check(path, version) != nil {
		return nil, &find.NameError{Name: path + "@" + version, Reason: fmt.Sprintf("%s@%s has no exact version: write it as in %s@v1.2.3", path, version, path)}
	}
	u, err := origin.Place(place)
	if err != nil {
		return nil, err
	}
	if err := session.Admit(find.ModuleVersion{Path: path, Version: version}, -1); err != nil {
		return nil, err
	}
	source, only := *session, (*origin.Proxy)(nil)
	owner, owned := session.Owner(path)
	if owned = owned && owner.URL == u.String(); owned { // its repository, and nobody else, has what is not there yet
		source.Registries, only = policy.Registries{}, &origin.Proxy{Word: "direct"}
	} else {
		owner = policy.Owner{}
	}
	r := in.newRequest(ctx, session, session.Store)
	defer r.close()
	files, sum, err := r.released(ctx, &source, only, m)
	if err != nil {
		return nil, about(m, err)
	}
	defer files.Zip.Close()
	digest, sent, err := in.origin.Publish(ctx, session, u, owner, m, *files)
	if err != nil {
		return nil, err
	}
	return &Published{Module: path, Version: version, Digest: string(digest), Sum: sum, Sent: sent}, nil
}

// released brings the files of a version, and verifies them.
func (r *request) released(ctx context.Context, source *install.Session, only *origin.Proxy, m module.Version) (_ *origin.Content, sum string, err error) {
	temp, err := r.temp()
	if err != nil {
		return nil, "", writeError(err)
	}
	f := new(origin.Content)
	if f.Zip, err = os.CreateTemp(temp, "zip-"); err != nil {
		return nil, "", writeError(err)
	}
	defer func() {
		if err != nil {
			f.Zip.Close()
		}
	}()
	var size int64
	err = r.in.origin.Each(ctx, source, only, m.Path, func(p origin.Repo) error {
		i, err := p.Info(ctx, m.Version)
		if err != nil {
			return err
		}
		if f.Info, err = json.Marshal(struct {
			Version string
			Time    time.Time `json:",omitzero"`
		}{i.Version, i.Time.UTC()}); err != nil {
			return err
		}
		if f.Mod, err = p.Mod(ctx, m.Version); err != nil {
			return err
		}
		receiver := source.Receive(m.Path, m.Version, "zip")
		defer receiver.End()
		size, err = p.Zip(ctx, m.Version, f.Zip, receiver)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if _, err := gomod.Parse(m.Path, f.Mod); err != nil {
		return nil, "", err
	}
	if err := r.session.Admit(find.ModuleVersion{Path: m.Path, Version: m.Version}, size); err != nil {
		return nil, "", err
	}
	if err := modzip.CheckEntries(f.Zip, size); err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp(temp, "tree-")
	if err != nil {
		return nil, "", writeError(err)
	}
	unpacked, err := r.extract(ctx, f.Zip, m, dir)
	if err != nil {
		return nil, "", writeError(err)
	}
	if err := r.verify(ctx, checksum.GoModVersion(m), checksum.GoModSum(f.Mod)); err != nil {
		return nil, "", err
	}
	return f, unpacked.Sum, r.verify(ctx, m, unpacked.Sum)
}
