package progress

import (
	"fmt"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
)

// transfers are the files that are downloaded until all of them that are known have ended: a later
// one begins anew.
type transfers struct {
	running map[file]install.Transfer // that have not ended

	all, ended int   // files
	arrived    int64 // bytes, of those that ended
}

// file tells one file from others.
type file struct{ module, version, name string }

// note takes what was told of one file.
func (t *transfers) note(now install.Transfer) {
	if len(t.running) == 0 && !now.Ended {
		*t = transfers{running: make(map[file]install.Transfer)}
	}
	key := file{now.Module, now.Version, now.File}
	_, known := t.running[key]
	switch {
	case !now.Ended:
		if !known {
			t.all++
		}
		t.running[key] = now
	case known:
		delete(t.running, key)
		t.ended++
		t.arrived += now.Arrived
	}
}

// String says how many of the files have ended, and how much has arrived of all of them: of what,
// only once the size of each is known.
func (t *transfers) String() string {
	arrived, size, known := t.arrived, t.arrived, true
	for _, one := range t.running {
		arrived += one.Arrived
		size += one.Size
		known = known && one.Size >= 0
	}
	text := fmt.Sprintf("download %d of %d", t.ended, t.all)
	switch {
	case known && size > 0:
		text += fmt.Sprintf(", %s of %s", quantity.About(arrived), quantity.About(size))
	case arrived > 0:
		text += ", " + quantity.About(arrived)
	}
	return text
}
