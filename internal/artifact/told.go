package artifact

import (
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/store"
)

// Telling is a store that tells of its waits for other processes.
func Telling(s *store.Store, events event.Sink) *store.Store {
	return s.Telling(store.Hooks{
		Waiting: func(lock string) { events.Emit(event.Waiting{Lock: lock}) },
		Waited:  func(lock string, took time.Duration) { events.Emit(event.Waited{Lock: lock, Took: took}) },
	})
}

// told is the size, in bytes, from which on an event tells that a file was verified: smaller ones
// take microseconds.
const told = 64 << 10

// telling is what was compiled of a spec, which tells when it is verified; nil of nil.
func (m *Maker) telling(spec *find.Spec, files *store.Artifact) *store.Artifact {
	if files == nil || m.Events == nil {
		return files
	}
	return files.Telling(func(file store.File, took time.Duration) {
		if file.Size >= told {
			m.Events.Emit(event.Verified{Name: spec.Name, What: file.Name, Bytes: file.Size, Took: took})
		}
	})
}
