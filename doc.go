// Package load gives Go what import gives Python: ask for a module by name, at run time, and get a
// running module back. The first ask may search, install, compile and execute; every later ask is
// one map look-up.
//
//	l, _ := standard.New(load.Config{})                     // default path, registry, engines
//	m, _ := l.Load(ctx, "github.com/gosimple/slug")         // found, installed, compiled, executed, registered
//	make, _ := load.Func[func(string) string](m, "Make")    // typed; a wrong type fails here, not at the call
//	fmt.Println(make("Hello, Wörld"))                       // hello-world
//
// [Loader.Load] looks into the cache, works out what the name stands for (request.go), joins a load
// of the same module that is under way, asks the [find.Path] (resolve.go), lets an
// [install.Installer] bring what that does not know (install.go), and an [engine.Engine] compile
// and start it (engine.go). docs/architecture.md tells it step by step.
//
// A failed load is a [LoadError] around one of the typed errors of the contracts, and is forgotten:
// the next call tries again. [Loader.Explain] tells what a load would do, and why. Everything but a
// look-up that the cache answers is told to one [Sink] as an [Event].
//
// A [Module] is used through [Func], [Value] and [Module.Bind], which check types once and before
// anything runs, or by name through [Module.Call]. What cannot be copied into the host stays in the
// module as an [Object]. [Along] builds several packages into one module, and [Instantiate] its
// generic functions and types.
//
// A module's life goes on after its load: [Loader.Unload] (unload.go) lets running calls finish and
// tells what came back, [Loader.Reload] (reload.go) starts a new one beside it,
// [Loader.Watch] does so when files change, and the limits of the [Config] (idle.go) unload what
// is idle. A [Ref] (lazy.go) follows through all of it.
//
// [Loader.Register] makes a module of the host's own values: it loads as any other.
//
// The package has no global state: a [Loader] owns its path, installers, engines, store and cache.
// Package standard wires the usual ones.
package load
