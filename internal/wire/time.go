package wire

import "time"

// Time appends a time: its instant, and the name and offset of its zone. The monotonic reading
// means nothing in another process and stays behind.
func (e *Encoder) Time(t time.Time) {
	e.Int(t.Unix())
	e.Uint(uint64(t.Nanosecond()))
	name, offset := t.Zone()
	if t.Location() == time.UTC {
		name = ""
	}
	e.String(name)
	e.Int(int64(offset))
}

// zoneSize is about how much memory a zone takes, in bytes.
const zoneSize = 256

// Time takes a time.
func (d *Decoder) Time() time.Time {
	seconds, nanos := d.Int(), d.UintN(30)
	name, offset := d.String(), d.IntN(32)
	if d.Err() != nil {
		return time.Time{}
	}
	t := time.Unix(seconds, int64(nanos)).UTC()
	if name == "" && offset == 0 {
		return t
	}
	if !d.Charge(zoneSize) {
		return time.Time{}
	}
	return t.In(time.FixedZone(name, int(offset)))
}
