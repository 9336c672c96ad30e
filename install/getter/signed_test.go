package getter_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// A repository that has to be signed is in the store only once it is.
func TestSignedRepository(t *testing.T) {
	t.Parallel()
	r, first, _ := rules(t, filepath.Join(t.TempDir(), "r"))
	private, public, err := note.GenerateKey(rand.Reader, "team")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	signatures := t.TempDir()
	s := openStore(t)
	name := "git::file://" + r.Dir + "//tax?ref=v1.0.0"
	l := loaderOf(t, s, func(c *load.Config) {
		c.Policies = []*policy.Policy{{Signers: []policy.Signer{{Pattern: "file:" + r.Dir, Key: public}}, Signatures: signatures}}
	})
	var refused *install.PolicyError
	if _, err := l.Load(t.Context(), name); !errors.As(err, &refused) || !strings.Contains(refused.Reason, "the signature of git::file://"+r.Dir+"//tax@"+first+" is not good: there is none") {
		t.Fatalf("without a signature: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(s.Dir(), "src")); len(entries) > 0 {
		t.Errorf("the store has %v, %v", entries, err)
	}
	spec, err := loaderOf(t, openStore(t), nil).Install(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	m := spec.BuildList[0]
	file, err := policy.SignatureFile(m.Path, m.Version)
	if err != nil {
		t.Fatal(err)
	}
	data, err := policy.Sign(m.Path, m.Version, m.Sum, nil, signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(signatures, file), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Load(t.Context(), name); err != nil {
		t.Errorf("with one: %v", err)
	}
}
