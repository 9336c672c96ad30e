package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A directory that is mounted elsewhere as well is denied there, too.
func TestOtherPlaces(t *testing.T) {
	t.Parallel()
	mounts := parseMounts(`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 27 254:0 /srv/denied /srv/mounted rw - ext4 /dev/vda rw
41 27 254:0 /srv/denied/sub /srv/my\040sub rw shared:1 - ext4 /dev/vda rw
42 27 0:26 / /srv/memory rw - tmpfs tmpfs rw
43 42 0:26 /a /srv/part rw - tmpfs tmpfs rw
44 27 0:30 / /srv/memory/over rw - tmpfs tmpfs rw
broken line
`)
	for where, places := range map[string][]string{
		"/srv/mounted/x":     {"/srv/denied/x"},
		"/srv/my sub/x":      {"/srv/denied/sub/x", "/srv/mounted/sub/x"},
		"/srv/denied/sub":    {"/srv/mounted/sub", "/srv/my sub"},
		"/srv/denied":        {"/srv/mounted"},
		"/srv/other":         nil,
		"/srv/part/b":        {"/srv/memory/a/b"},
		"/srv/memory/a":      {"/srv/part"},
		"/srv/memory/over/a": nil,
	} {
		assert.Equal(t, places, mounts.otherPlaces(where), where)
	}
}
