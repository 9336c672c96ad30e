package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/policy"
)

func signCommand() command {
	return command{
		name:  "sign",
		args:  "-key FILE [options] NAME... | -key FILE -new KEYNAME [PATTERN]",
		short: "sign installed modules, for policies that require it",
		long: `
Sign says by a signature that the sources of the modules that each package is built from are good as they are
installed here. A policy with the lines

	signatures DIRECTORY
	sign PATTERN KEY

installs a module that matches the pattern only with such a signature by the key. With -new, it makes a key: the private
part goes into the file, and the line for the policy is printed.`,
		flags: func(f *pflag.FlagSet, o *options) {
			o.jsonFlag(f)
			f.StringVar(&o.key, "key", "", "the `file` with the private key")
			f.StringVar(&o.newKey, "new", "", "make a key of this `name`, such as team.example.com")
			f.StringVar(&o.dir, "o", "", "write the signatures into this `directory`: signatures, if there is no other") // a default would be that of gen, too
		},
		run: runSign,
	}
}

func runSign(ctx context.Context, s *session, args []string) error {
	if s.key == "" {
		return &usageError{"-key FILE is missing"}
	}
	if s.newKey != "" {
		return s.makeKey(args)
	}
	if len(args) == 0 {
		return &usageError{"it takes at least one NAME"}
	}
	signer, err := readSigner(s.key)
	if err != nil {
		return fmt.Errorf("%s: %w", s.key, err)
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	var errs []error
	var done []signed
	for _, name := range args {
		spec, err := l.Find(ctx, name)
		if err == nil && len(spec.BuildList) == 0 {
			err = fmt.Errorf("%s: there is nothing to sign: it was not installed", name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, m := range spec.BuildList {
			err := s.sign(m, signer)
			errs = append(errs, err)
			if err == nil {
				done = append(done, signed{m.Path, m.Version, m.Sum})
			}
		}
	}
	return errors.Join(append(errs, list(s, done))...)
}

// signed is a module that was signed.
type signed struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
}

func (m signed) String() string { return "signed " + m.Module + "@" + m.Version + " " + m.Sum }

// makeKey makes a key pair. A file that exists is not overwritten.
func (s *session) makeKey(args []string) error {
	pattern := "PATTERN"
	switch len(args) {
	case 0:
	case 1:
		pattern = args[0]
	default:
		return &usageError{"-new takes one PATTERN"}
	}
	private, public, err := note.GenerateKey(rand.Reader, s.newKey)
	if err != nil {
		return &usageError{fmt.Sprintf("%q is not a valid key name: %v", s.newKey, err)}
	}
	if _, err := note.NewVerifier(public); err != nil {
		return &usageError{fmt.Sprintf("%q is not a valid key name: it holds a space or a plus sign", s.newKey)}
	}
	f, err := os.OpenFile(s.key, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(private + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, "sign", pattern, public)
	return nil
}

// readSigner reads a private key. Its text gets into no error.
func readSigner(file string) (note.Signer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, errors.New("it holds no private key as `load sign -new` makes it")
	}
	return signer, nil
}

// sign adds a signature of a module to those that there are.
func (s *session) sign(m find.ModuleVersion, signer note.Signer) error {
	name, err := policy.SignatureFile(m.Path, m.Version)
	if err != nil {
		return err
	}
	file := filepath.Join(cmp.Or(s.dir, "signatures"), name)
	earlier, err := regular.Read(file, 1<<20)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	data, err := policy.Sign(m.Path, m.Version, m.Sum, earlier, signer)
	if err != nil {
		return fmt.Errorf("%s@%s: %w", m.Path, m.Version, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temp := file + ".new"
	return errors.Join(os.WriteFile(temp, data, 0o644), os.Rename(temp, file))
}
