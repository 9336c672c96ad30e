// Package event holds what a loader tells of: the events of a load and of a module's life, and
// sinks that print, log or record them.
package event
