package oci_test

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/loadtest"
)

// TestProgress: the sizes of all layers are told before any of them arrives, and on the way how much
// has arrived.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	in, name := oci.New(quick()), s.host()+"/r:v1.0.0"
	large := loadtest.Layer{MediaType: "application/wasm", Title: "a.wasm", Data: append([]byte("\x00asm"), bytes.Repeat([]byte("x"), 600<<10)...)}
	readme := loadtest.Layer{MediaType: "application/vnd.oci.image.layer.v1.tar", Title: "README.md", Data: []byte("# rules\n")}
	loadtest.PushLayers(t, in, name, large, readme)
	var told []install.Transfer
	release, _, err := bring(t, in, &install.Session{Progress: func(now install.Transfer) { told = append(told, now) }}, "oci::"+name)
	require.NoError(t, err)
	layer := func(file string, of loadtest.Layer, arrived int, ended bool) install.Transfer {
		return install.Transfer{Module: name, Version: release.Version, File: file, Size: int64(len(of.Data)), Arrived: int64(arrived), Ended: ended}
	}
	wanted := func(file string) install.Transfer {
		return install.Transfer{Module: name, Version: release.Version, File: file, Size: -1}
	}
	require.Len(t, told, 4+2+2, "%v", told)
	assert.Equal(t, []install.Transfer{wanted("layer 1"), layer("layer 1", large, 0, false), wanted("layer 2"), layer("layer 2", readme, 0, false)}, told[:4])
	for i, one := range told[4:6] {
		assert.Equal(t, layer("layer 1", large, int(one.Arrived), false), one)
		assert.GreaterOrEqual(t, one.Arrived, int64(i+1)*(256<<10))
	}
	assert.Equal(t, []install.Transfer{layer("layer 1", large, len(large.Data), true), layer("layer 2", readme, len(readme.Data), true)}, told[6:])
}
