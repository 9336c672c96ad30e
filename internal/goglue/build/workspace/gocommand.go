package workspace

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/toolchain"
)

// GoCommand runs the go command in the main module, closed off from everything but the sources and
// the build cache, and returns its standard output.
func (w *Workspace) GoCommand(ctx context.Context, args ...string) ([]byte, error) {
	if err := w.checkCache(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, w.Toolchain.GoCommand, args...)
	cmd.Dir, cmd.Env = w.Work, w.env()
	stdout, stderr, err := w.runToFiles(cmd)
	var exit *exec.ExitError
	var null *os.PathError
	switch {
	case err == nil:
		return stdout, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &null) && null.Path == os.DevNull:
		return nil, err // which says what the system lacks
	case !errors.As(err, &exit):
		return nil, &engine.ToolchainError{
			Reason: "the go command cannot be started: " + err.Error(), Fix: "check the Go installation in " + w.Toolchain.Root, Err: err,
		}
	}
	output := w.Clean(string(stderr))
	if err := w.lacking(output); err != nil {
		return nil, err
	}
	return nil, &engine.CompileError{Reason: "it does not compile", Output: output}
}

// lacks are what the system may refuse to the go command and its compilers, by the system's words
// at the end of a line, and what can be done.
var lacks = []struct{ said, reason, fix string }{
	{"no space left on device", "the disk of %s or of the build cache is full", "run `load gc` or `go clean -cache`, or set LOAD_DIR or GOCACHE to directories on another disk"},
	{"disk quota exceeded", "the quota of the disk of %s or of the build cache is used up", "run `load gc` or `go clean -cache`, or set LOAD_DIR or GOCACHE to directories on another disk"},
	{"file too large", "a file below %s or in the build cache would be larger than this process may make one", "raise the limit (ulimit -f)"},
	{"too many open files", "the compilers have all files open that they may have", "raise the limit (ulimit -n)"},
	{"cannot allocate memory", "there is no memory left for the compilers", "compile where there is more (`load get`), or raise the limit (ulimit -v, or that of the container)"},
	{"resource temporarily unavailable", "the system starts no further process or thread for the compilers", "raise the limit (ulimit -u, or that of the container)"},
	{": signal: killed", "somebody killed a compiler, as the system does where memory is short", "compile where there is more (`load get`), or raise the limit of the container"},
}

// lacking is the error where the system refused something to the compilers, or nil. A message about
// the source has its position before it, whatever it says.
func (w *Workspace) lacking(output string) error {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		for _, l := range lacks {
			if strings.HasSuffix(line, l.said) && !position.MatchString(line) {
				return &engine.ToolchainError{Reason: strings.Replace(l.reason, "%s", w.Work, 1) + ": " + output, Fix: l.fix}
			}
		}
	}
	return nil
}

var position = regexp.MustCompile(`^[^ ]+\.\w+:\d+`)

// runToFiles runs the command with its output in files: nothing then waits for what the go command
// started and left, which keeps a pipe open.
func (w *Workspace) runToFiles(cmd *exec.Cmd) (stdout, stderr []byte, err error) {
	out, err := os.CreateTemp(w.temp(), "stdout-")
	if err != nil {
		return nil, nil, err
	}
	defer out.Close()
	diag, err := os.CreateTemp(w.temp(), "stderr-")
	if err != nil {
		return nil, nil, err
	}
	defer diag.Close()
	cmd.Stdout, cmd.Stderr = out, diag
	err = run(cmd)
	stdout, readErr := os.ReadFile(out.Name())
	stderr, readErr2 := os.ReadFile(diag.Name())
	return stdout, stderr, errors.Join(err, readErr, readErr2)
}

// cache returns the directory of the go command's build cache, as the go command finds it.
func (w *Workspace) cache() (string, error) {
	if dir := w.BuildCache; dir != "" {
		return dir, nil
	}
	if dir := w.Toolchain.Env("GOCACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "go-build"), err
}

// Trusts lists what every build reads: the toolchain, the build cache, and the settings of the go
// command.
func (w *Workspace) Trusts() []string {
	cache, _ := w.cache() // without one nothing is compiled
	return []string{w.Toolchain.Root, cache, toolchain.UserFile()}
}

// checkCache finds out whether the build cache can be used: the go command would say of the package
// what is wrong with the cache.
func (w *Workspace) checkCache() error {
	const fix = "set GOCACHE (or BuildCache of the engine's Config) to a directory that you can write to"
	dir, err := w.cache()
	switch {
	case err != nil:
		return &engine.ToolchainError{Reason: "there is no place for the go command's build cache: " + err.Error(), Fix: fix, Err: err}
	case dir == "off":
		return &engine.ToolchainError{Reason: "the go command's build cache is turned off (GOCACHE=off), and compiling needs one", Fix: fix}
	case !filepath.IsAbs(dir):
		return &engine.ToolchainError{Reason: "the go command's build cache " + dir + " is not an absolute path", Fix: fix}
	}
	err = os.MkdirAll(dir, 0o777)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, "load-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return &engine.ToolchainError{Reason: "the go command's build cache cannot be used: " + err.Error(), Fix: fix, Err: err}
	}
	return nil
}

// temp is where the go command puts its own temporary files: they go with the build, also when it
// is killed.
func (w *Workspace) temp() string { return filepath.Join(w.Work, "tmp") }

// env is the environment of the go command: nothing is inherited that changes what is built.
func (w *Workspace) env() []string {
	env := []string{
		"GOROOT=" + w.Toolchain.Root, "GOMODCACHE=" + w.modCache(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off", "GOENV=off",
		"GOTOOLCHAIN=local", "GO111MODULE=on", "CGO_ENABLED=0", "GOOS=" + w.GOOS, "GOARCH=" + w.GOARCH, "GOTELEMETRY=off",
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C",
		"GOTMPDIR=" + w.temp(), "TMPDIR=" + w.temp(), "TEMP=" + w.temp(), "TMP=" + w.temp(), // the linker knows no GOTMPDIR
	}
	if cache, err := w.cache(); err == nil {
		env = append(env, "GOCACHE="+cache)
	}
	if w.Processors > 0 { // for the go command, for how many compilers it starts, and for each of them
		env = append(env, "GOMAXPROCS="+strconv.Itoa(w.Processors))
	}
	for _, key := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData", "SystemRoot"} {
		if v, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+v)
		}
	}
	return env
}

func (w *Workspace) modCache() string {
	if w.Src.Go.ModCache != "" {
		return w.Src.Go.ModCache
	}
	return filepath.Join(w.Work, "mod") // the package needs no modules
}

// Clean takes the build's private paths out of what the go command wrote: those of the main module
// and of the module cache go, those of the toolchain and of a local source are spelled from their
// roots. The go command shortens paths by making them relative to where it runs.
func (w *Workspace) Clean(text string) string {
	places := [][2]string{{w.modCache(), ""}, {w.Toolchain.Root, "$GOROOT" + string(filepath.Separator)}}
	if w.Src.Go.ImportPath == "" {
		places = append(places, [2]string{filepath.Join(w.Work, filepath.FromSlash(w.loose())), w.Src.Dir + string(filepath.Separator)})
	}
	for _, m := range w.Src.Go.Local {
		if m.At != "" {
			places = append(places, [2]string{filepath.Join(w.Work, filepath.FromSlash(m.At)), m.Dir + string(filepath.Separator)})
		}
	}
	places = append(places, [2]string{w.Src.Dir, w.Src.Dir + string(filepath.Separator)}, [2]string{w.Work, ""})
	var pairs []string
	for _, place := range places {
		if place[0] == "" {
			continue
		}
		if relative, err := filepath.Rel(w.Work, place[0]); err == nil && relative != "." {
			pairs = append(pairs, relative+string(filepath.Separator), place[1])
		}
		if place[0] != w.Src.Dir {
			pairs = append(pairs, place[0]+string(filepath.Separator), place[1])
		}
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line != "" && !strings.HasPrefix(line, "# ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
