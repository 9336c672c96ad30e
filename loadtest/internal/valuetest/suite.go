// Package valuetest holds the rules about how values cross between the host and a Go package.
package valuetest

import (
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// suite are the rules about how values cross, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules about how values cross by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){
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
		"Markup":                s.testMarkup,
		"Abilities":             s.testAbilities,
		"Changes":               s.testChanges,
		"Decoders":              s.testDecoders,
		"ErrorTrees":            s.testErrorTrees,
		"TextForms":             s.testTextForms,
		"Channels":              s.testChannels,
		"FunctionsInAny":        s.testFunctionsInAny,
		"Assignments":           s.testAssignments,
		"Limits":                s.testLimits,
		"JSON":                  s.testJSON,
		"NamedFunctions":        s.testNamedFunctions,
		"UnexportedFieldTypes":  s.testUnexportedFieldTypes,
		"ErrorIdentity":         s.testErrorIdentity,
		"Conversions":           s.testConversions,
		"SharedPointers":        s.testSharedPointers,
		"SharedParts":           s.testSharedParts,
		"SharedArrays":          s.testSharedArrays,
		"SharedOthers":          s.testSharedOthers,
		"SharedAsAny":           s.testSharedAsAny,
		"SharedCallbacks":       s.testSharedCallbacks,
		"SharedAlong":           s.testSharedAlong,
		"SharedDecoders":        s.testSharedDecoders,
		"Lasting":               s.testLasting,
		"LastingGraphs":         s.testLastingGraphs,
		"LastingTogether":       s.testLastingTogether,
		"Nesting":               s.testNesting,
		"HostValues":            s.testHostValues,
		"HostChanges":           s.testHostChanges,
		"HostEquality":          s.testHostEquality,
		"HostTogether":          s.testHostTogether,
		"HostCallbacks":         s.testHostCallbacks,
		"HostInterfaces":        s.testHostInterfaces,
		"Options":               s.testOptions,
		"Standing":              s.testStanding,
		"Implementations":       s.testImplementations,
		"Images":                s.testImages,
		"WrappedErrors":         s.testWrappedErrors,
		"ErrorMethods":          s.testErrorMethods,
		"ConcreteErrors":        s.testConcreteErrors,
		"StandardErrors":        s.testStandardErrors,
		"ErrorsThatAccept":      s.testErrorsThatAccept,
		"Files":                 s.testFiles,
		"Panics":                s.testPanics,
		"Goexit":                s.testGoexit,
		"Left":                  s.testLeft,
		"LeftByHost":            s.testLeftByHost,
		"Places":                s.testPlaces,
		"UnseenFields":          s.testUnseenFields,
		"BigNumbers":            s.testBigNumbers,
		"StandardTypes":         s.testStandardTypes,
		"Keys":                  s.testKeys,
		"Elements":              s.testElements,
		"KeyedElements":         s.testKeyedElements,
		"Aliases":               s.testAliases,
		"UnnamedElements":       s.testUnnamedElements,
		"UnnamedParameters":     s.testUnnamedParameters,
	}
}

// values opens the package in testdata/values.
func (s suite) values(t testing.TB) engine.Instance {
	t.Helper()
	return s.Testdata(t, "values", 0)
}
