// Package loadtest tests the parts of load: conformance suites that every engine, finder and
// installer has to pass, and servers on 127.0.0.1 that stand for the network, faults included.
package loadtest
