//go:build !unix

package goprocess

import (
	"errors"
	"os"
	"runtime"
)

// socketPair fails: the system has no way to hand a connection to a child.
func socketPair() (host, child *os.File, err error) {
	return nil, nil, errors.New("goprocess does not run on " + runtime.GOOS)
}

type poller struct{ *os.File }

// tell is not reached: there are no rings.
func (p *poller) tell([]byte) bool { return false }

func newPoller(f *os.File) (*poller, error) { return &poller{f}, nil }

func (p *poller) look(to []byte) (int, error) { return p.Read(to) }

func readNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func isEmpty(error) bool { return false }
