package remote

import (
	"fmt"
	"time"
)

// UntrustedError reports an artifact that was passed over: it is not signed as the policies ask, or
// it is not the one that was asked for.
type UntrustedError struct {
	Place    string
	Artifact string // "example.com/a v1.2.0"
	Reason   string
	Err      error // the cause below, or nil
}

func (e *UntrustedError) Error() string {
	subject := e.Place
	if e.Artifact != "" {
		subject += ": the artifact of " + e.Artifact
	}
	return subject + " is not trusted: " + e.Reason
}

func (e *UntrustedError) Unwrap() error { return e.Err }

// DownError reports a registry that is not asked, because it did not answer a short while ago.
type DownError struct {
	Place string
	Until time.Time
	Err   error // what was wrong then
}

func (e *DownError) Error() string {
	return fmt.Sprintf("%s did not answer, and is asked again after %s", e.Place, e.Until.Format(time.TimeOnly))
}

func (e *DownError) Unwrap() error { return e.Err }
