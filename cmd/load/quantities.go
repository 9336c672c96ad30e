package main

import (
	"time"

	"github.com/loadgo/load/internal/quantity"
)

// duration is an option that is a duration: 30s, 72h, 3d.
type duration time.Duration

func newDuration(p *time.Duration, value time.Duration) *duration {
	*p = value
	return (*duration)(p)
}

func (d *duration) String() string { return quantity.Duration(time.Duration(*d)) }
func (d *duration) Type() string   { return "duration" }

func (d *duration) Set(text string) error {
	read, err := quantity.ParseDuration(text)
	*d = duration(read)
	return err
}

// amount is an option that is a number of bytes: 64MiB.
type amount int64

func (n *amount) Type() string { return "size" }

func (n *amount) String() string {
	if *n == 0 { // not given
		return ""
	}
	return quantity.Size(int64(*n))
}

func (n *amount) Set(text string) error {
	read, err := quantity.ParseSize(text)
	*n = amount(read)
	return err
}
