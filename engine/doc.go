// Package engine is the contract of engines: an [Engine] opens an [Artifact] as a running
// [Instance], whose symbols the host binds and calls, and whose values it holds, each as an [Object].
//
// Everything else that an engine or an instance can do is an optional ability, an interface of its
// own:
//
//	ability       of         what for                                        who has it
//	Compiler      engine     makes artifacts that the store keeps            goprocess, gowasm, starlark, wasm
//	Sharer        engine     compiles on a share of the processors            goprocess, gowasm
//	Preparer      engine     derives files from an artifact ahead of a start gowasm, wasm
//	Describer     engine     says what kind of module a source is            wasm
//	Released      engine     compiles by a toolchain that has releases        goprocess, gowasm
//	Configured    engine     refuses a configuration that cannot work        goprocess, gowasm, starlark, wasm
//	Trier         engine     tries the isolation without a module            goprocess
//	Granter       engine     gives a module what a policy grants             goprocess, gowasm, starlark, wasm
//	Truster       engine     names what no module may write                  goprocess, gowasm
//	Adopter       instance   takes generated types of the host for its own   goprocess, gowasm
//	Assigner      instance   sets variables                                  goprocess, gowasm
//	Counted       instance   counts calls and objects                        all
//	Crashable     instance   says how it ended by itself                     goprocess, gowasm
//	Holder        instance   knows whether it holds values of the host       goprocess, gowasm
//	Isolated      both       says what keeps the module from the host        goprocess, gowasm, starlark, wasm
//	Measurable    instance   says how much memory it uses                    goprocess, gowasm, wasm
//	Typed         instance   knows the Go types of its symbols               native
//	Registry      importer   imports what the program registered             the loader's
//	Adapter       reference  makes an object a value of an interface         goprocess, gowasm, native
//	Copier        reference  copies an object as plain data                  goprocess, gowasm
//	Indexer       reference  looks into a list or a map                      goprocess, gowasm, native
//
// Its folders hold the engines: goprocess, gowasm, starlark, wasm and native.
package engine
