// Command load loads Go packages by name, at run time: it finds, installs, compiles and runs them,
// and evaluates expressions over what they export.
//
// Run "load help" for its usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/httpdebug"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/progress"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/refused"
	"github.com/loadgo/load/lockfile"
)

func main() {
	ctx, end := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		end(ended{<-signals})
		signal.Stop(signals) // a second one ends the process at once
	}()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	var by ended
	if code == exitFailed && errors.As(context.Cause(ctx), &by) {
		code = by.code()
	}
	os.Exit(code)
}

// ended is the cause of a context that a signal ended.
type ended struct{ os.Signal }

func (e ended) Error() string { return e.String() + " signal received" }

// Is reports the error of such a context as [signal.NotifyContext] has it.
func (e ended) Is(target error) bool { return target == context.Canceled }

// code is the exit code by which shells tell what ended a command.
func (e ended) code() int {
	n, _ := e.Signal.(syscall.Signal)
	return 128 + int(n)
}

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// command is one of the words after "load".
type command struct {
	name  string
	args  string // of its usage line
	short string
	long  string
	flags func(*pflag.FlagSet, *options)
	takes func(args []string) error // refuses other arguments; nil: run does
	run   func(ctx context.Context, s *session, args []string) error

	lists    bool       // what it installs, as its result
	complete completion // of its arguments; nil completes names of files
}

// nothing, one and some are what commands take beside their options.
func nothing(args []string) error {
	if len(args) > 0 {
		return &usageError{"it takes no arguments"}
	}
	return nil
}

func takesOnly(what string, args []string) error {
	return &usageError{fmt.Sprintf("it takes %s after the options, not %s", what, phrase.Count(len(args), "argument"))}
}

func one(what string) func([]string) error {
	return func(args []string) error {
		if len(args) != 1 {
			return takesOnly("one "+what, args)
		}
		return nil
	}
}

func some(args []string) error {
	if len(args) == 0 {
		return &usageError{"it takes at least one NAME"}
	}
	return nil
}

func commands() []command {
	return []command{
		evalCommand(), replCommand(), getCommand(), bundleCommand(), pushCommand(), pullCommand(), copyCommand(), genCommand(), symbolsCommand(), docCommand(), explainCommand(), graphCommand(), traceCommand(), listCommand(), lockCommand(), outdatedCommand(), upgradeCommand(),
		verifyCommand(), signCommand(), gcCommand(), rmCommand(), versionCommand(),
	}
}

// options are what the flags of all commands set.
type options struct {
	json    bool
	verbose bool
	engine  string
	timeout time.Duration
	frozen  bool
	offline bool
	with    string // companions
	file    string // that holds an expression
	compile bool   // every expression
	chrome  bool   // the format of a trace
	format  string // of a graph
	svg     bool   // the same
	targets string
	unused  time.Duration
	maxSize int64  // bytes
	locks   string // lock files
	key     string // file of a private key
	dir     string // of signatures, of stubs
	newKey  string // name of a key to make
	bundle  string // file to write
	sources bool   // of a bundle
	modules bool   // the sources of Go modules are sent
	held    string // a bundle to list
	bill    string // a bundle whose bill of materials is printed
	push    bool   // to the fleet's repository
	shared  bool   // by all users of the machine
	debug   string // address of pages
	allow   allowed

	remove, accept, repair, dryRun bool
	tree, check, uses              bool // of stubs
}

func (o *options) jsonFlag(f *pflag.FlagSet) { f.BoolVar(&o.json, "json", false, "print JSON") }

// loadFlags are the flags of every command that loads.
func (o *options) loadFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.verbose, "v", false, "print what happens to the standard error")
	f.StringVar(&o.engine, "engine", "", "run the module in the engine of this `name` only")
	f.BoolVar(&o.frozen, "frozen", false, "load only what is in load.lock, and do not change it")
	f.BoolVar(&o.offline, "offline", false, "do not use the network")
	o.timeoutFlag(f)
}

func (o *options) timeoutFlag(f *pflag.FlagSet) {
	f.Var(quantity.NewDurationFlag(&o.timeout, 0), "timeout", "give up after this `duration`, such as 30s; 0 waits as long as it takes")
}

// withFlag is the flag of every command for which it matters what a module is built with.
func (o *options) withFlag(f *pflag.FlagSet) {
	f.StringVar(&o.with, "with", "", "build further `packages` into the module, separated by commas, such as\ngo.uber.org/zap/zapcore,bytes; their names are written zapcore.NewCore")
}

// along is what -with asks for.
func (o *options) along() load.LoadOption {
	return load.Along(split(o.with)...)
}

// session is one run of a command.
type session struct {
	options
	command        *cobra.Command // that runs
	stdout, stderr io.Writer
	progress       *progress.Line
	output         *output
	refusals       refused.Set
	recorder       *httpdebug.Recorder // for pages
}

// usageError is a mistake in how the command was called.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// timeoutError is the cause of a context that -timeout ended.
type timeoutError time.Duration

func (e timeoutError) Error() string {
	return fmt.Sprintf("it is not done after %s\n\tset -timeout to wait longer", quantity.Duration(time.Duration(e)))
}

func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// loader makes a loader whose events go to the terminal.
func (s *session) loader() (*load.Loader, error) { return s.loaderWith(s.lockFile()) }

// loaderWith is loader with another lock file.
func (s *session) loaderWith(lockFile string) (*load.Loader, error) {
	s.output = &output{w: s.stderr}
	engines, err := s.allow.engines(s.engine)
	if err != nil {
		return nil, err
	}
	l, err := engines.New(s.config(lockFile))
	if err == nil && !s.verbose {
		s.progress.Begin()
	}
	return l, err
}

// config is what the flags and the environment ask for.
func (s *session) config(lockFile string) load.Config {
	return load.Config{Engine: s.engine, Events: s.sink(), Progress: s.received, LockFile: lockFile, Frozen: s.frozen, Offline: s.offline}
}

// received shows what arrives, where no events are printed.
func (s *session) received(t install.Transfer) {
	if !s.verbose {
		s.progress.Received(t)
	}
}

// lockFile is the lock file to use: what LOAD_LOCK names, or load.lock where the current directory
// has one or a frozen load needs it.
func (s *session) lockFile() string {
	if path := os.Getenv("LOAD_LOCK"); path != "" {
		return path
	}
	if _, err := os.Lstat(lockfile.Name); err == nil || s.frozen || os.Getenv("LOAD_FROZEN") != "" {
		return lockfile.Name
	}
	return ""
}

// sink prints what a module writes, and either every event or the progress.
func (s *session) sink() load.Sink {
	events := s.progress.Show
	if s.verbose {
		events = event.Print(s.stderr)
	}
	if s.debug != "" {
		s.recorder = httpdebug.NewRecorder(0)
		events = s.recorder.Sink(events)
	}
	return func(e load.Event) {
		s.refusals.Show(e)
		if printed, ok := e.(event.Output); ok && !s.verbose {
			s.progress.Clear()
			s.output.show(printed)
			return
		}
		events(e)
	}
}

// close ends the loader and what it runs, whatever became of ctx.
func (s *session) close(ctx context.Context, l *load.Loader) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil && s.verbose {
		s.print(err)
	}
	s.progress.End()
}

// report prints the error of a command and returns its exit code.
func (s *session) report(c *cobra.Command, err error) int {
	s.progress.Clear()
	if s.output != nil {
		s.output.end(err)
	}
	var config *load.ConfigError
	var mistake *usageError
	var unknown *unknownError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNoCommand):
		io.WriteString(s.stderr, usage())
		return exitUsage
	case errors.As(err, &unknown), errors.As(err, &mistake) && !c.HasParent():
		fmt.Fprintf(s.stderr, "load: %s\n\trun \"load help\" for usage\n", err)
		return exitUsage
	case errors.As(err, &config) && config.Setting == "Config.Engine":
		err = &usageError{"-engine: " + config.Reason}
		fallthrough
	case errors.As(err, &mistake):
		fmt.Fprintf(s.stderr, "load: %s: %s\nusage: %s\n\trun \"load help %s\" for its options\n", c.Name(), err, c.UseLine(), c.Name())
		return exitUsage
	}
	s.print(err)
	for _, hint := range s.refusals.Hints() {
		fmt.Fprintln(s.stderr, "\t"+hint)
	}
	return exitFailed
}

// print writes an error to the standard error, each of several on its own, "load: " once in front.
func (s *session) print(err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range several.Unwrap() {
			s.print(err)
		}
		return
	}
	var misplaced *load.ExpressionError
	if errors.As(err, &misplaced) {
		err = misplaced
	}
	text := err.Error()
	if _, ok := err.(*load.LoadError); ok {
		text = strings.TrimPrefix(text, "load ")
	}
	fmt.Fprintln(s.stderr, "load: "+s.inWords(text))
	var panicked *load.PanicError
	if errors.As(err, &panicked) && panicked.Stack != "" {
		if s.verbose {
			fmt.Fprintln(s.stderr, strings.TrimSpace(panicked.Stack))
		} else {
			fmt.Fprintln(s.stderr, "\trun with -v to see the module's stack")
		}
	}
}
