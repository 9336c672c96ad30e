package load_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
)

// A reload goes by the lock file as a load does: neither what the registry has now nor a line that
// somebody changed
// takes the place of what runs.
func TestReloadLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "load.lock")
	d := &depot{version: "v1.0.0", sum: sumA}
	w := &world{modules: map[string]fake{"depot.com/a": {}}}
	l := lockLoader(t, d, path, func(c *load.Config) { c.Engines = []engine.Engine{w} })
	old := mustLoad(t, l, "depot.com/a")
	held, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mismatch = "checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: " + sumB + "\n\tload.lock: " + sumA +
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line\n\tthe module that runs stays"
	d.sum = sumB
	_, err = l.Reload(t.Context(), "depot.com/a")
	wantError(t, err, "reload depot.com/a: "+mismatch)
	// The other way round: the line is wrong.
	d.sum = sumA
	forged := "load.lock 1\ndepot.com/a at v1.0.0 depot depot.com/a -\ndepot.com/a needs depot.com/a v1.0.0 " + sumB + "\n"
	if err := os.WriteFile(path, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = l.Reload(t.Context(), "depot.com/a")
	wantError(t, err, "reload depot.com/a: checksum mismatch for depot.com/a@v1.0.0\n\tdownloaded: "+sumA+"\n\tload.lock: "+sumB+
		"\n\tsomebody changed a published version, or load.lock is wrong; find out which before you remove the line\n\tthe module that runs stays")
	if now := mustLoad(t, l, "depot.com/a"); now != old {
		t.Error("it was replaced")
	}
	if data, err := os.ReadFile(path); string(data) != forged || err != nil {
		t.Errorf("the lock file was changed: %s, %v", data, err)
	}
	if err := os.WriteFile(path, held, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reload(t.Context(), "depot.com/a"); err != nil {
		t.Error(err)
	}
}
