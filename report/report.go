// Package report is what a loader tells about its modules: values that print themselves for a
// terminal and have a stable form in JSON. It knows no loader.
//
//	fmt.Print(l.Info())                // the modules that run, as a table
//	os.WriteFile("graph.svg", []byte(l.Graph().SVG()), 0o644)
//	explanation, err := l.Explain(ctx, "github.com/gosimple/slug")
//	json.NewEncoder(w).Encode(explanation)
package report

import (
	"encoding/json"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/seconds"
)

// Unload tells what an unload gave back, and what it did not.
type Unload struct {
	Name string `json:"name"` // with the version
	// Memory is how much the module used, in bytes, as its engine reports it, just before it was
	// closed; 0 where the engine does not tell. It came back unless Objects say that the host still
	// holds values in its own memory.
	Memory int64 `json:"memory"`
	// Artifact is the size of the compiled module, in bytes, whose code is not mapped any more.
	Artifact int64 `json:"artifact"`
	// Waited is how long running calls took to finish. In JSON it is a number of seconds.
	Waited time.Duration `json:"waited"`
	// Interrupted is how many calls still ran when the context ended. In a module that runs as a
	// process they were ended and return [engine.ErrUnloaded]; calls within the host's process end
	// by themselves.
	Interrupted int `json:"interrupted"`
	// Objects are those that the host still holds, longest held first. They answer
	// [engine.ErrUnloaded].
	Objects []engine.HeldObjects `json:"objects,omitempty"`
	// Importers are the modules that were unloaded before it by load.Force, since they imported it,
	// directly or not: with their versions, sorted.
	Importers []string `json:"importers,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (r Unload) MarshalJSON() ([]byte, error) {
	type fields Unload
	return json.Marshal(struct {
		fields
		Waited seconds.Seconds `json:"waited"`
	}{fields(r), seconds.Seconds(r.Waited)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *Unload) UnmarshalJSON(data []byte) error {
	type fields Unload
	in := struct {
		*fields
		Waited seconds.Seconds `json:"waited"`
	}{fields: (*fields)(r)}
	err := json.Unmarshal(data, &in)
	r.Waited = time.Duration(in.Waited)
	return err
}

// LockedVersion says what a name is locked at, and what the registry would choose for it today.
type LockedVersion struct {
	Name   string `json:"name"` // as the lock file has it
	Locked string `json:"locked"`
	Latest string `json:"latest,omitempty"` // the same if there is nothing newer; "" if Err says why
	Why    string `json:"why,omitempty"`    // why the latest would be chosen
	Err    error  `json:"-"`
}
