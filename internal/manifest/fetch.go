package manifest

import (
	"context"
	"io"
)

// Fetch brings what is at a URL, of so many bytes at most.
type Fetch func(url string, most int64) ([]byte, error)

// FetchError is a module that was not fetched.
type FetchError struct{ Err error }

func (e *FetchError) Error() string { return e.Err.Error() }
func (e *FetchError) Unwrap() error { return e.Err }

// Fetching reads what open opens; of nil it is nil.
func Fetching(ctx context.Context, open func(context.Context, string) (io.ReadCloser, error)) Fetch {
	if open == nil {
		return nil
	}
	return func(url string, most int64) ([]byte, error) {
		body, err := open(ctx, url)
		if err != nil {
			return nil, &FetchError{err}
		}
		defer body.Close()
		data, err := io.ReadAll(io.LimitReader(body, most+1))
		if err != nil {
			return nil, &FetchError{err}
		}
		return data, nil
	}
}
