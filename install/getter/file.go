package getter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/gate"
)

func (s *source) parseLocal(address string, query url.Values) error {
	s.form = formLocal
	if i := strings.Index(strings.TrimPrefix(address, "/"), "//"); i >= 0 {
		i += len(address) - len(strings.TrimPrefix(address, "/"))
		if err := s.setDir(address[i+2:]); err != nil {
			return err
		}
		address = address[:i]
	}
	var err error
	if s.path, err = filepath.Abs(filepath.FromSlash(address)); err != nil {
		return err
	}
	switch link := query.Get("link"); link {
	case "", "false":
	case "true":
		s.link = true
	default:
		return fmt.Errorf("its parameter link is true or false, not %q", link)
	}
	query.Del("link")
	if err := s.parseFile(filepath.ToSlash(s.path), query); err != nil && !isDir(s.path) {
		return err
	}
	for key := range query {
		return fmt.Errorf("a local source has no parameter %q", key)
	}
	if strings.HasPrefix(s.checksum, "sha512:") {
		return fmt.Errorf("the checksum of a local file is sha256:HEX")
	}
	if s.link && !isDir(s.path) {
		return fmt.Errorf("only a directory can be linked")
	}
	return nil
}

// admit lets the policies decide about where a local file or directory really is, and about all
// that lies in the directory. That is what is read then, wherever a link leads meanwhile.
func (s *source) admit(ctx context.Context, session *install.Session) error {
	real, err := filepath.EvalSymlinks(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return missing(s)
	}
	if err != nil {
		return err
	}
	s.places = []string{real}
	if err := session.AdmitPlaces(real); err != nil || !session.Denies() || !isDir(real) {
		return err
	}
	names, err := gate.List(ctx, real)
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = filepath.Join(real, filepath.FromSlash(name))
	}
	return session.AdmitPlaces(names...)
}

// real is where a local file or directory is that was admitted.
func (s *source) real() string { return s.places[0] }

// parseFile reads the format and the checksum of a file, and takes them out of the parameters.
func (s *source) parseFile(name string, query url.Values) error {
	archive := query.Get("archive")
	query.Del("archive")
	for _, format := range fileFormats {
		if archive == "" && strings.HasSuffix(name, format) || archive != "" && "."+archive == format {
			s.format = format
		}
	}
	s.checksum = query.Get("checksum")
	query.Del("checksum")
	if err := checkChecksum(s.checksum); err != nil {
		return err
	}
	switch {
	case s.format == "" && archive != "":
		return fmt.Errorf("its archive format %q is none of zip, tar.gz and tar.zst", archive)
	case s.format == "":
		return fmt.Errorf("it does not end in %s, and has no parameter archive that says what it is", strings.Join(fileFormats, ", "))
	case s.dir != "" && !slices.Contains(archiveFormats, s.format):
		return fmt.Errorf("a single file has no directory //%s", s.dir)
	}
	return nil
}

// checkChecksum accepts the sums that nobody can forge.
func checkChecksum(text string) error {
	if text == "" {
		return nil
	}
	kind, value, _ := strings.Cut(text, ":")
	data, err := hex.DecodeString(value)
	if err != nil || !(kind == "sha256" && len(data) == 32 || kind == "sha512" && len(data) == 64) {
		return fmt.Errorf("its checksum %q is neither sha256:HEX nor sha512:HEX", text)
	}
	return nil
}
