package getter_test

import (
	"bytes"
	"testing"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgress: of a file it is told how large it is and, on the way, how much has arrived.
func TestProgress(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("# rules\n"), 100_000)
	url, _ := serve(t, map[string][]byte{"/rules.star": data})
	var told []install.Transfer
	session := &install.Session{Store: loadtest.OpenStore(t), Progress: func(now install.Transfer) { told = append(told, now) }}
	in := insecure()
	_, err := in.Resolve(t.Context(), session, loadtest.Name(t, url+"/rules.star"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(told), 5)
	assert.Equal(t, install.Transfer{Module: url + "/rules.star", File: "source", Size: -1}, told[0])
	for i, one := range told[1:] {
		assert.GreaterOrEqual(t, one.Arrived, told[i].Arrived)
	}
	size := int64(len(data))
	assert.Equal(t, install.Transfer{Module: url + "/rules.star", File: "source", Size: -1, Arrived: size, Ended: true}, told[len(told)-1], "net/http sends long answers without their size")
}
