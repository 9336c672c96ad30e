// Package failpoint lets a test interrupt a program at the moments at which an interruption could
// leave something half done: it kills the process there, lets a step fail, or makes it wait. Only
// programs that are built with the tag "failpoint" can be interrupted; in all others a point is
// nothing at all.
//
// The environment says what happens:
//
//	LOAD_FAILPOINT=store.rename#3=kill   the third time that the process passes the point, it is killed
//	LOAD_FAILPOINT=store.rename=enospc   each time, the step fails with ENOSPC ("error": with another error)
//	LOAD_FAILPOINT=store.rename=sleep:1s each time, the process waits for a second
//	LOAD_FAILPOINT_TRACE=FILE            the names of the points that are passed are appended to the file
//
// A point is named for its package and for what was done just before it.
package failpoint
