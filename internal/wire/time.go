package wire

import (
	"sync"
	"time"
)

// Time appends a time: its instant and its location. The monotonic reading means nothing in another
// process and stays behind.
func (e *Encoder) Time(t time.Time) {
	e.Int(t.Unix())
	e.Uint(uint64(t.Nanosecond()))
	e.Place(t.Location())
}

// Time takes a time.
func (d *Decoder) Time() time.Time {
	seconds, nanos := d.Int(), d.UintN(30)
	l := d.Place()
	if d.Err() != nil || l == nil {
		d.Fail(ErrTag)
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).In(l)
}

// How a location crosses.
const (
	placeNil   = 0 // no location
	placeUTC   = 1
	placeFixed = 2 // its name and its offset: what [time.FixedZone] makes
	placeRules = 3 // its name and its rules, as [time.LoadLocationFromTZData] reads them
	placeKnown = 4 // plus the number of an earlier one with rules in the message
)

// zoneSize is about how much memory a location takes without its rules, in bytes.
const zoneSize = 256

// Place appends a location, with its rules once in a message: the other side may have none of that
// name, or other ones.
func (e *Encoder) Place(l *time.Location) {
	switch l {
	case nil:
		e.Byte(placeNil)
		return
	case time.UTC:
		e.Byte(placeUTC)
		return
	}
	for n, known := range e.places {
		if known == l {
			e.Uint(placeKnown + uint64(n))
			return
		}
	}
	name := l.String()
	rules, err := places.rules(l)
	if err != nil {
		e.Fail(err)
	}
	if rules == "" {
		_, offset := time.Unix(0, 0).In(l).Zone()
		e.Byte(placeFixed)
		e.String(name)
		e.Int(int64(offset))
		return
	}
	e.places = append(e.places, l)
	e.Byte(placeRules)
	e.String(name)
	e.String(rules)
}

// Place takes a location.
func (d *Decoder) Place() *time.Location {
	switch head := d.Uint(); head {
	case placeNil:
		return nil
	case placeUTC:
		return time.UTC
	case placeFixed:
		name, offset := d.String(), int(d.Int())
		if !d.Charge(zoneSize) || d.Err() != nil {
			return nil
		}
		return fixed(name, offset)
	case placeRules:
		name, rules := d.String(), d.String()
		if len(name)+len(rules) > maxRules {
			d.Fail(ErrLength)
		}
		if !d.Charge(zoneSize+2*len(rules)) || d.Err() != nil {
			return nil
		}
		l, err := places.location(name, rules)
		if err != nil {
			d.Fail(err)
		}
		d.places = append(d.places, l)
		return l
	default:
		if head-placeKnown >= uint64(len(d.places)) {
			d.Fail(ErrTag)
			return nil
		}
		return d.places[head-placeKnown]
	}
}

// fixed returns a location with one offset: the local one where it is that.
func fixed(name string, offset int) *time.Location {
	if name == time.Local.String() {
		_, local := time.Unix(0, 0).In(time.Local).Zone()
		if rules, err := places.rules(time.Local); rules == "" && err == nil && local == offset {
			return time.Local
		}
	}
	return time.FixedZone(name, offset)
}

// placeTable are the locations with rules that this side has seen, so that one comes back as
// itself.
type placeTable struct {
	mu      sync.Mutex
	byPlace map[*time.Location]string
	byRules map[ruled]*time.Location
}

type ruled struct{ name, rules string }

const (
	// maxPlaces is how many are kept.
	maxPlaces = 256
	// maxRules is how many bytes the rules of a location take, with its name: those of the world's
	// zones take less than 4 KiB. What is kept is never a part of a message, which would be kept
	// with it.
	maxRules = MinLarge - 1
)

var places placeTable

// rules returns the rules of a location, or "" where it has its name and one offset at all times.
func (t *placeTable) rules(l *time.Location) (string, error) {
	t.mu.Lock()
	rules, ok := t.byPlace[l]
	t.mu.Unlock()
	if ok {
		return rules, nil
	}
	rules, err := makeRules(l)
	if rules != "" {
		t.keep(l, rules)
	}
	return rules, err
}

// location returns the location with a name and rules.
func (t *placeTable) location(name, rules string) (*time.Location, error) {
	if name == time.Local.String() {
		_, _ = t.rules(time.Local) // it may be that one
	}
	t.mu.Lock()
	l := t.byRules[ruled{name, rules}]
	t.mu.Unlock()
	if l != nil {
		return l, nil
	}
	l, err := time.LoadLocationFromTZData(name, []byte(rules))
	if err != nil {
		return nil, err
	}
	return t.keep(l, rules), nil
}

// keep notes the rules of a location and returns the first location that had them.
func (t *placeTable) keep(l *time.Location, rules string) *time.Location {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPlace == nil || len(t.byPlace) >= maxPlaces {
		t.byPlace, t.byRules = map[*time.Location]string{}, map[ruled]*time.Location{}
	}
	t.byPlace[l] = rules
	key := ruled{l.String(), rules}
	if t.byRules[key] == nil {
		t.byRules[key] = l
	}
	return t.byRules[key]
}
