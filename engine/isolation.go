package engine

// Isolation describes what keeps a module away from its host and machine.
type Isolation struct {
	// Level sums the measures up: "full" when everything that the engine can restrict is
	// restricted, "partial" when the system offers only some of it, "none".
	Level string `json:"level"`
	// Measures lists each restriction and whether it is in force.
	Measures []Measure `json:"measures"`
}

// Measure is one restriction of an [Isolation].
type Measure struct {
	Name    string `json:"name"`              // "files", "network", "programs", "signals", "processes", "memory", …
	InForce bool   `json:"in_force"`          //
	How     string `json:"how"`               // "landlock", "seccomp", "rlimit"
	Why     string `json:"why,omitempty"`     // why it is not in force
	Granted bool   `json:"granted,omitempty"` // the module was given this
}
