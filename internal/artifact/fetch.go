package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/store"
)

// errNoRemote says that there is no remote that could be asked.
var errNoRemote = errors.New("no remote is configured")

// Sought is what a remote calls the artifact.
func (p *Plan) Sought() engine.Sought {
	s := engine.Sought{Module: p.spec.Name, Version: p.spec.Version, Source: p.spec.Source.Hash, Engine: p.engine.Name(), Key: p.Key}
	if released, ok := p.engine.(engine.Released); ok {
		s.AnyRelease = key(p.engine, released.FingerprintOf(""), plan.OfRelease(p.spec, "").Source)
	}
	return s
}

// settle makes the plan of a host without the toolchain that of the release which compiled what the
// remote has.
func (p *Plan) settle(ctx context.Context) {
	if p.missing == nil || p.Present() != nil {
		return
	}
	if release := p.maker.elsewhere(ctx, p.engine, p.spec); release != "" {
		p.of(release)
	}
}

// elsewhere returns the release that compiled what the remote has of a spec, if there is no
// toolchain here and none is asked for; "" for none.
func (m *Maker) elsewhere(ctx context.Context, eng engine.Engine, spec *find.Spec) string {
	released, ok := eng.(engine.Released)
	if !ok || m.Remote == nil || m.Offline || m.Store == nil || m.Asked() != "" || spec.Source.Hash == "" {
		return ""
	}
	if _, missing := released.Release(); missing == nil {
		return ""
	}
	p := &Plan{maker: m, engine: eng, spec: spec}
	release, theirs, err := m.Remote.Release(ctx, p.Sought())
	if err == nil && theirs != key(eng, released.FingerprintOf(release), plan.OfRelease(spec, release).Source) {
		err = fmt.Errorf("what lies there for any release is the artifact of something else")
	}
	if err != nil {
		p.passedOver(err)
		return ""
	}
	return release
}

// fetch brings the artifact from the remote into an empty directory, or returns why not.
func (p *Plan) fetch(ctx context.Context, dir string) error {
	m := p.maker
	if m.Remote == nil || m.Offline {
		return errNoRemote
	}
	err := m.Remote.Fetch(ctx, p.Sought(), dir)
	if err == nil {
		p.fetched = true
		if p.Release != "" {
			err = m.Store.NoteRelease(ctx, p.Release)
		}
		return err
	}
	p.passedOver(err)
	left, readErr := os.ReadDir(dir)
	if readErr != nil {
		return readErr
	}
	for _, entry := range left {
		if removeErr := os.RemoveAll(filepath.Join(dir, entry.Name())); removeErr != nil {
			return removeErr
		}
	}
	return err
}

func (p *Plan) passedOver(err error) {
	if !errors.Is(err, find.ErrNotFound) {
		p.maker.Events.Emit(event.PassedOver{Name: p.spec.Name, From: p.maker.Remote.String(), Err: err})
	}
}

// refused is the error of a host that cannot compile, and was brought nothing.
func refused(err, passed error) error {
	if errors.Is(passed, errNoRemote) {
		return err
	}
	reason, fix, _ := strings.Cut(err.Error(), "\n\t")
	why, _, _ := strings.Cut(passed.Error(), "\n\t")
	return &engine.ToolchainError{Reason: reason + ", and the fleet has no artifact for this host: " + why, Fix: fix, Err: errors.Join(err, passed)}
}

// notPrepared is the error of a host that has no toolchain and gets none. One that has a toolchain
// which does not work, or is too old, hears of that alone.
func (p *Plan) notPrepared(err error) error {
	var absent *engine.ToolchainError
	if !errors.As(p.missing, &absent) || !absent.Absent && p.maker.Toolchain != local {
		return err
	}
	if _, here := p.engine.(engine.Released).Release(); here == nil {
		return err
	}
	target := cmp.Or(p.Target(), "wasm")
	return &engine.NotPreparedError{
		Module: p.spec.Name, For: target, Err: err, Fix: fmt.Sprintf("run `load get -target %s %s` where the image is built", target, p.spec.Name),
	}
}

// trusted is [store.Store.Artifact]. What a remote brought, and what is not trusted any more, is
// taken out first.
func (m *Maker) trusted(ctx context.Context, spec *find.Spec, key string, build func(context.Context, string) error) (files *store.Artifact, made bool, err error) {
	s := m.of(spec)
	if m.Remote == nil {
		files, made, err = s.Artifact(ctx, key, build)
		if err == nil {
			files = files.Without(engine.Voucher)
		}
		return files, made, err
	}
	if before, err := s.Lookup(key); err == nil && before != nil {
		if distrust := m.distrust(before); distrust != nil {
			if err := s.Evict(key); err != nil {
				return nil, false, err
			}
			m.Events.Emit(event.Evicted{Name: spec.Name, Reason: distrust.Error()})
		}
	}
	if files, made, err = s.Artifact(ctx, key, build); err != nil {
		return nil, made, err
	}
	if err := m.distrust(files); err != nil { // another process, with another policy, brought it meanwhile
		return nil, made, err
	}
	return files.Without(engine.Voucher), made, nil
}

// lookup returns what the store has under a key and is trusted, or nil.
func (m *Maker) lookup(key string) *store.Artifact {
	files, err := m.Store.Lookup(key)
	if err != nil || files == nil || m.distrust(files) != nil {
		return nil
	}
	return files.Without(engine.Voucher)
}

// distrust returns why what the store has is not trusted: a remote brought it, and does not vouch
// for it any more. Without a remote, the store's owner is trusted as for all that is in it.
func (m *Maker) distrust(files *store.Artifact) error {
	if m.Remote == nil || !files.Has(engine.Voucher) {
		return nil
	}
	voucher, err := files.ReadFile(engine.Voucher)
	if err != nil {
		return err
	}
	return m.Remote.Vouched(files.Key(), voucher)
}
