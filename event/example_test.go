package event_test

import (
	"os"
	"time"

	"github.com/loadgo/load/event"
)

func ExamplePrint() {
	sink := event.Print(os.Stdout)
	sink.Emit(event.Resolved{Name: "example.com/hello", Module: "example.com/hello", Version: "v1.1.0", Why: "the latest release", Took: 20 * time.Millisecond})
	sink.Emit(event.Output{Name: "example.com/hello", Stream: "stdout", Line: "a line"})
	// Output:
	// load: resolved example.com/hello to example.com/hello@v1.1.0: the latest release (20ms)
	// load: example.com/hello stdout: a line
}
