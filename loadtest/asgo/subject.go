package asgo

import "reflect"

// Subject is a package to compare.
type Subject struct {
	Path      string
	Query     string            // "v1.6.0", or "" for a package of the standard library
	Instances []string          // of generic functions: "Sort[[]int]"
	Strings   []string          // that its functions understand
	Skip      map[string]string // symbols that are not called, such as "Sleep" or "Reader.Close", with the reason
	Driver    string            // the function in testdata/drivers that drives it: "driveVersion" of version.go
}

// Linked is a subject as the host program has it.
type Linked struct {
	Subject
	Funcs map[string]any          // its exported functions
	Types map[string]reflect.Type // its exported structs
	Drive func(*Driver)           // or nil
}

// Report is what comparing one package found.
type Report struct {
	Path      string
	Functions int // functions and methods that were compared
	Calls     int // of which results and arguments were compared
	Driven    int // what its driver said
	Skipped   []Note
	Refused   []Note // by load, when the function was bound, as its symbol said before
	Differ    []Note // three of a function at most
}

// Note says something about a function, or about a method of a type: "*csv.Writer.Flush".
type Note struct {
	Symbol string
	Args   string // of a call that differs
	Text   string
}

func (n Note) String() string {
	if n.Args != "" {
		return n.Symbol + "(" + n.Args + "): " + n.Text
	}
	return n.Symbol + ": " + n.Text
}
