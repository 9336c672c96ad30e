package loadtest

import (
	"embed"
	"testing"

	"github.com/loadgo/load/engine"
)

// sources are packages that have a function for every way in which values cross.
//
//go:embed testdata/values/*.go testdata/web/*.go testdata/faults/*.go
var sources embed.FS

// goSuite runs the rules for Go packages against one engine.
type goSuite struct {
	open func(t testing.TB, files map[string]string, maxMessage int) engine.Instance
}

// TestGoEngine checks that an engine for Go packages follows the rules of how values cross. Open
// builds the package
// made of the files, which are named by their base names, and opens it, with that limit of the
// arguments and results
// of a call, in bytes, or the engine's own for 0; it fails the test where it cannot. Its instance
// is closed when the test ends.
func TestGoEngine(t *testing.T, open func(t testing.TB, files map[string]string, maxMessage int) engine.Instance) {
	s := goSuite{open}
	for name, test := range map[string]func(*testing.T){
		"PlainValues":           s.testPlainValues,
		"Structs":               s.testStructs,
		"Objects":               s.testObjects,
		"Any":                   s.testAny,
		"VariablesAndConstants": s.testVariablesAndConstants,
		"ErrorsOfBinding":       s.testErrorsOfBinding,
		"ErrorValues":           s.testErrorValues,
		"Context":               s.testContext,
		"RecursiveValues":       s.testRecursiveValues,
		"ObjectsAreReleased":    s.testObjectsAreReleased,
		"Callbacks":             s.testCallbacks,
		"Interfaces":            s.testInterfaces,
		"Streams":               s.testStreams,
		"Readers":               s.testReaders,
		"ReadersBetween":        s.testReadersBetween,
		"ReaderCalls":           s.testReaderCalls,
		"Changes":               s.testChanges,
		"Decoders":              s.testDecoders,
		"ErrorTrees":            s.testErrorTrees,
		"TextForms":             s.testTextForms,
		"Channels":              s.testChannels,
		"FunctionsInAny":        s.testFunctionsInAny,
		"Assignments":           s.testAssignments,
		"Limits":                s.testLimits,
		"Handlers":              s.testHandlers,
		"Exchanges":             s.testExchanges,
		"ExchangesOfHost":       s.testExchangesOfHost,
		"FileSystems":           s.testFileSystems,
		"MiddlewareRequests":    s.testMiddlewareRequests,
		"MiddlewareResponses":   s.testMiddlewareResponses,
		"MiddlewarePanics":      s.testMiddlewarePanics,
		"MiddlewarePrograms":    s.testMiddlewarePrograms,
		"MiddlewareUpgrades":    s.testMiddlewareUpgrades,
		"MiddlewareAbilities":   s.testMiddlewareAbilities,
		"MiddlewareContexts":    s.testMiddlewareContexts,
		"MiddlewareHammer":      s.testMiddlewareHammer,
		"NamedFunctions":        s.testNamedFunctions,
		"UnexportedFieldTypes":  s.testUnexportedFieldTypes,
		"ErrorIdentity":         s.testErrorIdentity,
		"Conversions":           s.testConversions,
		"SharedPointers":        s.testSharedPointers,
		"SharedParts":           s.testSharedParts,
		"SharedArrays":          s.testSharedArrays,
		"SharedOthers":          s.testSharedOthers,
		"SharedCallbacks":       s.testSharedCallbacks,
		"SharedAlong":           s.testSharedAlong,
		"SharedDecoders":        s.testSharedDecoders,
		"Nesting":               s.testNesting,
		"HostValues":            s.testHostValues,
		"HostChanges":           s.testHostChanges,
		"HostEquality":          s.testHostEquality,
		"HostTogether":          s.testHostTogether,
		"HostCallbacks":         s.testHostCallbacks,
		"HostInterfaces":        s.testHostInterfaces,
		"Options":               s.testOptions,
		"Implementations":       s.testImplementations,
		"Images":                s.testImages,
		"WrappedErrors":         s.testWrappedErrors,
		"ErrorMethods":          s.testErrorMethods,
		"ConcreteErrors":        s.testConcreteErrors,
		"Panics":                s.testPanics,
		"Goexit":                s.testGoexit,
		"Places":                s.testPlaces,
		"UnseenFields":          s.testUnseenFields,
		"BigNumbers":            s.testBigNumbers,
		"StandardTypes":         s.testStandardTypes,
		"Keys":                  s.testKeys,
		"Elements":              s.testElements,
		"KeyedElements":         s.testKeyedElements,
		"Aliases":               s.testAliases,
		"UnnamedElements":       s.testUnnamedElements,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// values opens the package in testdata/values.
func (s goSuite) values(t testing.TB) engine.Instance {
	t.Helper()
	return s.testdata(t, "values", 0)
}

// testdata opens a package in testdata.
func (s goSuite) testdata(t testing.TB, name string, maxMessage int) engine.Instance {
	t.Helper()
	entries, err := sources.ReadDir("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := sources.ReadFile("testdata/" + name + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return s.open(t, files, maxMessage)
}
