package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/seconds"
)

// Stages is how long each part of a load took; a part that was not needed is 0. In JSON each is a
// number of seconds.
type Stages struct {
	Find    time.Duration
	Install time.Duration // with what a source found in place needs
	Compile time.Duration // or finding the artifact
	Open    time.Duration // initialisation included, and the loads of imports
	Total   time.Duration
}

// stagesJSON is how Stages are written in JSON.
type stagesJSON struct {
	Find    seconds.Seconds `json:"find"`
	Install seconds.Seconds `json:"install"`
	Compile seconds.Seconds `json:"compile"`
	Open    seconds.Seconds `json:"open"`
	Total   seconds.Seconds `json:"total"`
}

// MarshalJSON implements [json.Marshaler].
func (s Stages) MarshalJSON() ([]byte, error) {
	return json.Marshal(stagesJSON{seconds.Seconds(s.Find), seconds.Seconds(s.Install), seconds.Seconds(s.Compile), seconds.Seconds(s.Open), seconds.Seconds(s.Total)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Stages) UnmarshalJSON(data []byte) error {
	var in stagesJSON
	err := json.Unmarshal(data, &in)
	*s = Stages{time.Duration(in.Find), time.Duration(in.Install), time.Duration(in.Compile), time.Duration(in.Open), time.Duration(in.Total)}
	return err
}

// Stats is what is known of a module's life, at one moment.
type Stats struct {
	Loaded   time.Time      `json:"loaded"`    // when
	LastUsed time.Time      `json:"last_used"` // when it was last looked up, bound or called; at most ten seconds, or an eighth of Config.IdleTimeout, later than that
	Stages   Stages         `json:"stages"`
	Calls    int64          `json:"calls"` // that ended, where the engine or the module saw them: not those of native functions bound with their own type
	Errors   int64          `json:"errors"`
	Latency  engine.Latency `json:"latency"` // of calls that ended, where the engine measures it
	Running  int            `json:"running"` // calls that run now
	Objects  int            `json:"objects"` // that the host holds
	Memory   engine.Memory  `json:"memory"`
	Artifact int64          `json:"artifact"` // size of the compiled module, in bytes
	Pins     int            `json:"pins"`
}

// ModuleInfo describes a module that runs.
type ModuleInfo struct {
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	Names   []string `json:"names"` // by which it is registered, sorted; without those that tell what it is built with
	Engine  string   `json:"engine"`
	Origin  string   `json:"origin"`
	Dir     string   `json:"dir,omitempty"`
	Imports []string `json:"imports,omitempty"`
	Stats   Stats    `json:"stats"`
}

// Info describes a loader and what it runs.
type Info struct {
	Modules     []ModuleInfo      `json:"modules"` // sorted by name and version
	Memory      int64             `json:"memory"`  // of all modules whose engines report it, in bytes
	MemoryLimit int64             `json:"memory_limit,omitempty"`
	MaxModules  int               `json:"max_modules,omitempty"`
	Aliases     map[string]string `json:"aliases,omitempty"`
	Path        []string          `json:"path"`
	Installers  []string          `json:"installers"`
	Engines     []string          `json:"engines"`
	Store       string            `json:"store,omitempty"` // directory
}

// String returns the modules as a table for a terminal.
func (i Info) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODULE\tENGINE\tCALLS\tERRORS\tMEMORY\tLOADED IN")
	for _, m := range i.Modules {
		memory := "-"
		if m.Stats.Memory.From != "" {
			memory = quantity.About(m.Stats.Memory.Now)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\n", m.Name+phrase.Version(m.Version), m.Engine, m.Stats.Calls, m.Stats.Errors, memory, quantity.Took(m.Stats.Stages.Total))
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}
