package starlark

import "strings"

// maxPlaces is how many steps of the way to a value an error shows.
const maxPlaces = 20

// placed is an error of a part of a value, with the way to it, innermost first. It is one error for
// however many steps: each of them in an error of its own would hold all that is within it again.
type placed struct {
	error
	way []string
}

// at says in which part of a value an error is.
func at(err error, part string) error {
	p, ok := err.(*placed)
	if !ok {
		p = &placed{error: err}
	}
	p.way = append(p.way, part)
	return p
}

// Unwrap returns the error without its place.
func (p *placed) Unwrap() error { return p.error }

// Error names the outermost steps, and the reason.
func (p *placed) Error() string {
	var b strings.Builder
	for i := range p.way {
		if i == maxPlaces {
			b.WriteString("...: ")
			break
		}
		b.WriteString(p.way[len(p.way)-1-i] + ": ")
	}
	return b.String() + p.error.Error()
}
