package getter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/regular"
)

// A repository of this machine is decided about by every place that git reads of it: git may take
// PATH.git for PATH, a file .git leads to another directory, a worktree shares the directory of its
// repository, and objects may lie in other repositories ("alternates").

// repository is what git is told of where a source's repository is. Git gets the place of a local
// one that the policies decided about, and is not to search for another (--strict). The places of
// a local one are noted.
func (g gitCommand) repository(ctx context.Context, session *install.Session, s *source, dir string) (args []string, err error) {
	if s.url.Scheme != "file" && session.Offline {
		return nil, install.ErrOffline
	}
	if err := g.direct(ctx, s, s.url, dir); err != nil || s.url.Scheme != "file" {
		return []string{"--", s.url.String()}, err
	}
	place, err := g.admit(ctx, session, s)
	if err != nil {
		return nil, err
	}
	at := &url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(place), "/")}
	return []string{"--upload-pack=git-upload-pack --strict", "--", at.String()}, g.direct(ctx, s, at, dir)
}

// admit lets the policies decide about a local repository, and returns where it is.
func (g gitCommand) admit(ctx context.Context, session *install.Session, s *source) (place string, err error) {
	asked := filepath.FromSlash(s.url.Path)
	if filepath.VolumeName(asked[1:]) != "" { // of a drive
		asked = asked[1:]
	}
	r := &repositoryPlaces{seen: make(map[string]bool)}
	if place, err = r.git(asked); err != nil {
		return "", err
	}
	s.places = r.places
	return place, session.AdmitPlaces(s.places...)
}

// repositoryPlaces collects the real directories that a repository consists of, and where links in
// them lead.
type repositoryPlaces struct {
	places []string
	seen   map[string]bool
}

// git adds the repository that git finds by a path (enter_repo in git's path.c), and returns where
// it is.
func (r *repositoryPlaces) git(path string) (dir string, err error) {
	for _, suffix := range []string{"/.git", "", ".git/.git", ".git"} {
		info, err := os.Stat(path + suffix)
		if err != nil || !info.Mode().IsRegular() && !isGitDir(path+suffix) {
			continue
		}
		dir = path + suffix
		if info.Mode().IsRegular() {
			if dir, err = follow(dir, "gitdir: ", filepath.Dir(dir)); err != nil {
				return "", err
			}
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return "", err
		}
		return dir, r.gitDir(dir)
	}
	return "", fmt.Errorf("%s: %w: it does not appear to be a git repository", path, fs.ErrNotExist)
}

func isGitDir(path string) bool {
	_, err := os.Lstat(filepath.Join(path, "HEAD"))
	return err == nil
}

// gitDir adds a repository's directory, the one that it shares with others, and its objects.
func (r *repositoryPlaces) gitDir(dir string) error {
	common, err := follow(filepath.Join(dir, "commondir"), "", dir)
	if errors.Is(err, fs.ErrNotExist) {
		common, err = dir, nil
	}
	if err == nil {
		common, err = filepath.EvalSymlinks(common)
	}
	if err != nil {
		return err
	}
	r.places = append(r.places, dir, common)
	if err := cmp.Or(checkFiles(dir), checkFiles(common)); err != nil {
		return err
	}
	return r.objects(filepath.Join(common, "objects"))
}

// maxGitFile is the most bytes that are read of a file that leads git on.
const maxGitFile = 1 << 20

// checkFiles refuses pipes and devices in the place of the files that git reads of a repository's
// directory besides its objects: git would wait for them.
func checkFiles(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			inner := filepath.Base(name)
			if err == nil && filepath.Dir(name) == dir && inner != "refs" && inner != "info" && inner != "reftable" {
				return fs.SkipDir
			}
			return err
		}
		return checkPlain(name, d)
	})
}

// checkPlain refuses a pipe or a device, and a link to one.
func checkPlain(name string, d fs.DirEntry) error {
	mode := d.Type()
	if mode&fs.ModeSymlink != 0 {
		if info, err := os.Stat(name); err == nil {
			mode = info.Mode()
		}
	}
	if mode&(fs.ModeNamedPipe|fs.ModeDevice) != 0 {
		return &fs.PathError{Op: "open", Path: name, Err: regular.Err}
	}
	return nil
}

// follow reads the path that a file of git's holds, from a directory on.
func follow(file, before, from string) (string, error) {
	data, err := regular.Read(file, maxGitFile)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), before)
	if !ok || to == "" {
		return "", fmt.Errorf("%s does not say where the repository is", file)
	}
	return onward(from, to), nil
}

// onward is a path that is written from a directory on. What leads back in it is left to the file
// system, which follows links first.
func onward(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return dir + string(filepath.Separator) + filepath.FromSlash(path)
}

// objects adds a directory of objects, and those in which git looks for more.
func (r *repositoryPlaces) objects(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) || r.seen[real] {
		return nil // git does without
	}
	if err != nil {
		return err
	}
	if err := r.tree(real); err != nil {
		return err
	}
	alternates, err := regular.Read(filepath.Join(real, "info", "alternates"), maxGitFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(alternates)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, `"`) {
			return fmt.Errorf("%s quotes a path: %s", filepath.Join(real, "info", "alternates"), line)
		}
		// Some versions of git take out what leads back before they follow links.
		to := onward(real, line)
		if err := cmp.Or(r.objects(to), r.objects(filepath.Clean(to))); err != nil {
			return err
		}
	}
	return nil
}

// maxPlaces bounds the directories of a repository: git makes 258 of objects.
const maxPlaces = 10_000

// tree adds a directory with all in it, and where links in it lead.
func (r *repositoryPlaces) tree(dir string) error {
	if r.seen[dir] {
		return nil
	}
	r.seen[dir] = true
	r.places = append(r.places, dir)
	if len(r.places) > maxPlaces {
		return fmt.Errorf("the repository has more than %d directories of objects", maxPlaces)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if err := checkPlain(name, entry); err != nil {
			return err
		}
		isLink := entry.Type()&fs.ModeSymlink != 0
		if isLink {
			if name, err = filepath.EvalSymlinks(name); errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return err
			}
		}
		switch {
		case entry.IsDir() || isLink && isDir(name):
			err = r.tree(name)
		case isLink:
			r.places = append(r.places, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
