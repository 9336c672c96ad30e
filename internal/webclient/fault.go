package webclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What becomes of an answer on its way.
var (
	ErrStalled = errors.New("the answer stalled")
	ErrCutOff  = errors.New("the answer was cut off")
)

// StatusError is an answer without what was asked for.
type StatusError struct {
	Code  int
	After time.Duration // that the server asks to wait, or 0
}

func (e StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code)))
}
