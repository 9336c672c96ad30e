package askedtest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// silent may be asked as a nil pointer.
type silent struct{ name string }

func (s *silent) Subject() string {
	if s == nil {
		return "silence"
	}
	return s.name
}

// testNothing: an interface with a nil pointer or a nil map in it is not nil.
func (s suite) testNothing(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	subject := gosuite.Bound[func(interface{ Subject() string }) string](t, m, "SubjectOf")
	assert.Equal(t, "none", subject(nil))
	assert.Equal(t, "silence", subject((*silent)(nil)))
	assert.Equal(t, "<nil>", subject(claims(nil)))
	assert.Equal(t, "silence", gosuite.Bound[func(*silent) string](t, m, "SubjectOf")(nil))
	assert.Equal(t, "<nil>", gosuite.Bound[func(claims) string](t, m, "SubjectOf")(nil))
	assert.Panics(t, func() { gosuite.Bound[func(*spoken) string](t, m, "SubjectOf")(nil) })
	first := gosuite.Bound[func(...interface{ Subject() string }) interface{ Subject() string }](t, m, "FirstClaim")
	none, ok := first((*silent)(nil)).(*silent)
	assert.True(t, ok && none == nil)
}
