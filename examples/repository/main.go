// Command repository loads rules from a git repository at a tag and locks the commit: a tag that is
// moved changes nothing until somebody upgrades. While the rules are developed, an alias leads to a
// directory instead.
//
//	go run ./examples/repository
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

func main() {
	dir, err := os.MkdirTemp("", "repository")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), os.Stdout, dir); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, dir string) error {
	work := filepath.Join(dir, "rules") // stands for a repository elsewhere, and for a developer's work tree
	if err := publish(work, "def price(net): return net * 107 // 100\n"); err != nil {
		return err
	}
	rules := "git::file://" + filepath.ToSlash(work) + "//tax?ref=v1.0.0" // usually gh:user/rules//tax@v1.0.0, or git::https://…
	lock := filepath.Join(dir, "load.lock")

	if err := price(ctx, w, load.Config{LockFile: lock, Aliases: map[string]string{"rules": rules}}); err != nil {
		return err
	}
	if err := publish(work, "def price(net): return net * 119 // 100\n"); err != nil { // moves the tag
		return err
	}
	fmt.Fprintln(w, "the tag was moved")
	if err := price(ctx, w, load.Config{LockFile: lock, Aliases: map[string]string{"rules": rules}}); err != nil {
		return err
	}
	if err := upgrade(ctx, w, lock, rules); err != nil {
		return err
	}
	if err := price(ctx, w, load.Config{LockFile: lock, Aliases: map[string]string{"rules": rules}}); err != nil {
		return err
	}
	fmt.Fprintln(w, "in development")
	if err := write(work, "def price(net): return net * 2\n"); err != nil { // not committed
		return err
	}
	return price(ctx, w, load.Config{Aliases: map[string]string{"rules": filepath.Join(work, "tax")}})
}

// price asks the rules, wherever they come from.
func price(ctx context.Context, w io.Writer, config load.Config) error {
	l, err := standard.New(config)
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	m, err := l.Load(ctx, "rules")
	if err != nil {
		return err
	}
	price, err := load.Func[func(int) (int, error)](m, "price")
	if err != nil {
		return err
	}
	gross, err := price(100)
	fmt.Fprintln(w, "price(100) =", gross)
	return err
}

// upgrade locks what the tag is now; `load upgrade` does the same.
func upgrade(ctx context.Context, w io.Writer, lock, name string) error {
	l, err := standard.New(load.Config{LockFile: lock})
	if err != nil {
		return err
	}
	defer l.Close(ctx)
	spec, from, err := l.Locks().Upgrade(ctx, name)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "upgraded:", spec.Version != from)
	return nil
}

func write(dir, rules string) error {
	if err := os.MkdirAll(filepath.Join(dir, "tax"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "tax", "init.star"), []byte(rules), 0o600)
}

// publish commits rules and puts the tag v1.0.0 there.
func publish(dir, rules string) error {
	if err := write(dir, rules); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"add", "-A"},
		{"-c", "user.name=demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "rules"},
		{"tag", "-f", "v1.0.0"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}
