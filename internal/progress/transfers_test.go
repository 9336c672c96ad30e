package progress

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/install"
)

// TestTransfers: the totals are those of the files that are known, of unknown sizes there is no
// total, what failed counts with what arrived, and what comes when all has ended begins anew.
func TestTransfers(t *testing.T) {
	t.Parallel()
	var all transfers
	for _, step := range []struct {
		told install.Transfer
		want string
	}{
		{install.Transfer{Module: "a", Size: -1}, "download 0 of 1"},
		{install.Transfer{Module: "b", Size: -1}, "download 0 of 2"},
		{install.Transfer{Module: "a", Size: 1000, Arrived: 500}, "download 0 of 2, 500B"},
		{install.Transfer{Module: "b", Size: 1000}, "download 0 of 2, 500B of 2KiB"},
		{install.Transfer{Module: "a", Size: 1000, Arrived: 200}, "download 0 of 2, 200B of 2KiB"}, // tried again
		{install.Transfer{Module: "a", Size: 1000, Arrived: 1000, Ended: true}, "download 1 of 2, 1000B of 2KiB"},
		{install.Transfer{Module: "a", Ended: true}, "download 1 of 2, 1000B of 2KiB"}, // which is told by another load
		{install.Transfer{Module: "b", Size: 1000, Arrived: 100, Ended: true}, "download 2 of 2, 1.1KiB of 1.1KiB"},
		{install.Transfer{Module: "c", Size: 10}, "download 0 of 1, 0B of 10B"},
	} {
		all.note(step.told)
		assert.Equal(t, step.want, all.String(), "%+v", step.told)
	}
}
