// Package loadtest tests the parts of load: conformance suites that every engine, finder and
// installer has to pass, and servers on 127.0.0.1 that stand for the network, faults included.
//
//	func TestFinder(t *testing.T) {
//		loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
//			return newFinder(t), loadtest.FinderCases{
//				Found: []string{"here"}, NotFound: []string{"elsewhere"},
//			}
//		})
//	}
//
//	// A module proxy with its checksum database:
//	proxy := loadtest.Proxy(t, "-- example.com/a@v1.0.0/a.go --\npackage a\n")
package loadtest
