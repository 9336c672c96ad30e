package quantity

import "time"

// DurationFlag is an option that is a duration: 30s, 72h, 3d.
type DurationFlag time.Duration

// NewDurationFlag returns an option that sets p, to value until it is given.
func NewDurationFlag(p *time.Duration, value time.Duration) *DurationFlag {
	*p = value
	return (*DurationFlag)(p)
}

func (d *DurationFlag) String() string { return Duration(time.Duration(*d)) }
func (d *DurationFlag) Type() string   { return "duration" }

func (d *DurationFlag) Set(text string) error {
	read, err := ParseDuration(text)
	*d = DurationFlag(read)
	return err
}

// SizeFlag is an option that is a number of bytes: 64MiB.
type SizeFlag int64

func (n *SizeFlag) Type() string { return "size" }

func (n *SizeFlag) String() string {
	if *n == 0 { // not given
		return ""
	}
	return Size(int64(*n))
}

func (n *SizeFlag) Set(text string) error {
	read, err := ParseSize(text)
	*n = SizeFlag(read)
	return err
}
