package standard

import (
	"os"
	"strconv"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install/oci"
)

// isSet reports whether an environment variable turns something on: it is there, and says neither
// "0" nor "false".
func isSet(name string) bool {
	value := os.Getenv(name)
	on, err := strconv.ParseBool(value)
	return value != "" && (on || err != nil)
}

// ociConfig is what the environment says of OCI registries.
func ociConfig() oci.Config {
	return oci.Config{Insecure: os.Getenv("GOINSECURE"), TokenHosts: os.Getenv("LOAD_TOKEN_HOSTS")}
}

// trace returns a sink that also appends each event as a line of JSON to a file. The file is open
// only while a line is written: there is nothing to close, and processes can share it.
func trace(file string, further load.Sink) load.Sink {
	lines := event.Trace(appender(file))
	return func(e load.Event) {
		lines(e)
		if further != nil {
			further(e)
		}
	}
}

// appender is the name of a file that what is written is appended to.
type appender string

func (a appender) Write(line []byte) (int, error) {
	f, err := os.OpenFile(string(a), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(line)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}
