package wire

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// period is what holds in a location from an instant on.
type period struct {
	from   int64 // seconds since 1970
	name   string
	offset int // seconds east of Greenwich
	summer bool
}

func (p period) zone() period { p.from = 0; return p }

// The times whose rules are looked at. No zone had rules before, and those that hold at the end
// hold for ever.
var (
	firstChange = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastChange  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	ruleFrom    = time.Date(2140, 1, 1, 0, 0, 0, 0, time.UTC).Unix() // a yearly rule is found in what is after it
	ruleFirst   = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Unix() // and may hold from then on
)

// makeRules returns the rules of a location in the format of RFC 9636, or "" where it is what
// [time.FixedZone] makes of its name.
func makeRules(l *time.Location) (string, error) {
	now := time.Unix(0, 0).In(l)
	start, end := now.ZoneBounds()
	if name, _ := now.Zone(); start.IsZero() && end.IsZero() && name == l.String() && !now.IsDST() {
		return "", nil
	}
	all := periods(l, firstChange)
	rules := zoneData(all, "")
	if rule := yearly(all); rule != "" {
		for _, short := range []string{zoneData(all[:1], rule), shorten(all, rule)} {
			if makes(short, all) {
				rules = short
				break
			}
		}
	}
	switch {
	case len(l.String())+len(rules) > maxRules:
		return "", errors.New("the rules of the location " + strconv.Quote(l.String()) + " cannot be carried: there are too many changes in them")
	case !makes(rules, all):
		return "", errors.New("the rules of the location " + l.String() + " cannot be carried: there are too many names in them")
	}
	return rules, nil
}

// makes reports whether data are the rules of a location with these periods.
func makes(data string, all []period) bool {
	made, err := time.LoadLocationFromTZData("", []byte(data))
	return err == nil && slices.Equal(periods(made, firstChange), all)
}

// shorten writes those periods that are before the rule, and the rule.
func shorten(all []period, rule string) string {
	made, err := time.LoadLocationFromTZData("", []byte(zoneData(all[:1], rule)))
	if err != nil {
		return ""
	}
	ruled := periods(made, ruleFirst)
	same := 0
	for same < len(all)-1 && same < len(ruled)-1 && all[len(all)-1-same] == ruled[len(ruled)-1-same] {
		same++
	}
	return zoneData(all[:min(len(all), len(all)-same+1)], rule)
}

// periods lists what holds in a location from an instant on.
func periods(l *time.Location, now int64) []period {
	at := func(seconds int64) (period, time.Time) {
		t := time.Unix(seconds, 0).In(l)
		name, offset := t.Zone()
		start, end := t.ZoneBounds()
		return period{start.Unix(), name, offset, t.IsDST()}, end
	}
	first, end := at(now)
	first.from = 0
	all := []period{first}
	for now < lastChange && !end.IsZero() {
		// Where a yearly rule holds, an end may be that of the year, or a day before it.
		if next := end.Unix(); next > now {
			now = next
		} else {
			now += 24 * 60 * 60
		}
		var next period
		if next, end = at(now); next.zone() != all[len(all)-1].zone() {
			all = append(all, next)
		}
	}
	return all
}

// yearly returns the rule by which the last periods begin, as the environment variable TZ has it,
// or "" if there is none.
func yearly(all []period) string {
	last := all
	for len(last) > 0 && last[0].from < ruleFrom {
		last = last[1:]
	}
	if len(last) < 100 {
		return ""
	}
	standard, summer := last[0], last[1]
	if standard.summer {
		standard, summer = summer, standard
	}
	var begins, ends []time.Time // by the clock that went before
	for i := 1; i < len(last); i++ {
		local := time.Unix(last[i].from+int64(last[i-1].offset), 0).UTC()
		switch last[i].zone() {
		case summer.zone():
			begins = append(begins, local)
		case standard.zone():
			ends = append(ends, local)
		default:
			return ""
		}
	}
	begin, end := yearlyDay(begins), yearlyDay(ends)
	if begin == "" || end == "" {
		return ""
	}
	clock := func(p period) string { return "<" + p.name + ">" + clockText(-p.offset) }
	return clock(standard) + clock(summer) + "," + begin + "," + end
}

// yearlyDay returns the day of the year, and the time, on which changes are: "M10.5.0/3:00:00". The
// time may be after the end of the day.
func yearlyDay(changes []time.Time) string {
	for days := range 7 {
		weeks := [6]bool{false, true, true, true, true, true}
		first := changes[0].AddDate(0, 0, -days)
		for _, t := range changes {
			day := t.AddDate(0, 0, -days)
			if day.Month() != first.Month() || day.Weekday() != first.Weekday() {
				weeks = [6]bool{}
			}
			for week := 1; week < 5; week++ {
				weeks[week] = weeks[week] && (day.Day()-1)/7+1 == week
			}
			weeks[5] = weeks[5] && day.AddDate(0, 0, 7).Month() != day.Month()
		}
		if week := slices.Index(weeks[:], true); week > 0 {
			hour, minute, second := changes[0].Clock()
			return "M" + strconv.Itoa(int(first.Month())) + "." + strconv.Itoa(week) + "." + strconv.Itoa(int(first.Weekday())) +
				"/" + clockText((24*days+hour)*3600+minute*60+second)
		}
	}
	return ""
}

// clockText writes seconds as hours, minutes and seconds.
func clockText(seconds int) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return sign + strconv.Itoa(seconds/3600) + ":" + strconv.Itoa(seconds/60%60) + ":" + strconv.Itoa(seconds%60)
}

// zoneData writes periods, and the rule after the last, in the format of RFC 9636.
func zoneData(all []period, rule string) string {
	const head = "TZif2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	big := func(b []byte, size int, v int64) []byte {
		for size--; size >= 0; size-- {
			b = append(b, byte(v>>(8*size)))
		}
		return b
	}
	// The first kind of time is that before the first change, and no change leads to it.
	kinds := []period{all[0].zone()}
	var changes, indices, times []byte
	for _, p := range all[1:] {
		n := slices.Index(kinds[1:], p.zone()) + 1
		if n == 0 {
			n = len(kinds)
			kinds = append(kinds, p.zone())
		}
		changes = big(changes, 8, p.from)
		indices = append(indices, byte(n))
	}
	names := ""
	for _, k := range kinds {
		at := strings.Index(names, k.name+"\x00")
		if at < 0 {
			at = len(names)
			names += k.name + "\x00"
		}
		times = append(big(times, 4, int64(k.offset)), 0, byte(at))
		if k.summer {
			times[len(times)-2] = 1
		}
	}
	data := append([]byte(head), make([]byte, 6*4)...) // the part with short numbers is empty
	data = append(data, head...)
	for _, count := range []int{0, 0, 0, len(indices), len(kinds), len(names)} {
		data = big(data, 4, int64(count))
	}
	for _, part := range []string{string(changes), string(indices), string(times), names, "\n" + rule + "\n"} {
		data = append(data, part...)
	}
	return string(data)
}
