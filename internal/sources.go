// Package internal holds the sources that are compiled into every module, so that a host can build
// modules wherever it runs.
package internal

import "embed"

// GuestSources are the packages wire, wire/dynamic, goglue/guest and those below it, without tests.
//
//go:embed wire/wire.go wire/encode.go wire/decode.go wire/frame.go wire/time.go wire/rules.go wire/errors.go wire/room.go
//go:embed wire/share.go wire/adopt.go wire/arrays.go wire/order.go wire/changes.go wire/odd.go wire/race.go wire/norace.go wire/patience.go wire/yield_linux.go wire/yield_other.go wire/ring.go wire/abilities.go wire/lasting.go wire/earlier.go wire/lent.go wire/entries.go wire/entries_of.go wire/weak.go wire/forget.go wire/givers.go wire/lasting_thing.go wire/print.go wire/goroutine.go wire/callers.go
//go:embed wire/goroutine_other.go wire/goroutine_amd64.s wire/goroutine_arm64.s
//go:embed wire/dynamic/dynamic.go wire/dynamic/decode.go wire/dynamic/encode.go wire/dynamic/parse.go wire/dynamic/share.go wire/dynamic/thing.go
//go:embed wire/dynamic/home.go wire/dynamic/lasting.go wire/dynamic/kept.go wire/dynamic/names.go wire/dynamic/form.go wire/dynamic/form_types.go wire/dynamic/field.go
//go:embed goglue/guest/guest.go goglue/guest/held.go goglue/guest/fields.go goglue/guest/serve.go goglue/guest/serve_wasip1.go
//go:embed goglue/guest/text_wasip1.go goglue/guest/watch_wasip1.go goglue/guest/watch_other.go
//go:embed goglue/guest/host_wasip1.go
//go:embed goglue/guest/host.go goglue/guest/handle.go goglue/guest/loose.go goglue/guest/share.go goglue/guest/table.go goglue/guest/array.go goglue/guest/changes.go goglue/guest/errors.go
//go:embed goglue/guest/host_error.go goglue/guest/panics.go goglue/guest/exit_other.go goglue/guest/exit_wasip1.go goglue/guest/ahead.go goglue/guest/stream.go
//go:embed goglue/guest/lasting.go goglue/guest/lasting_update.go goglue/guest/lasting_thing.go goglue/guest/lasting_again.go
//go:embed goglue/guest/guestgoroutine/alone.go goglue/guest/guestgoroutine/parallel.go
//go:embed goglue/guest/guestgoroutine/parallel_wasip1.go
//go:embed goglue/guest/guestgoroutine/still.go goglue/guest/guestgoroutine/still_other.go
//go:embed goglue/guest/guestgoroutine/lock.go
//go:embed goglue/guest/guestgoroutine/levels_wasip1.go
//go:embed goglue/guest/gueststream/gueststream.go goglue/guest/gueststream/combined.go
//go:embed goglue/guest/guestahead/guestahead.go goglue/guest/guestasked/guestasked.go
//go:embed goglue/guest/guesterror/guesterror.go goglue/guest/guestinput/guestinput.go goglue/guest/guestinput/run.go goglue/guest/guestinput/output.go
//go:embed goglue/guest/guestwait/guestwait.go
//go:embed goglue/guest/guestcancel/guestcancel.go goglue/guest/guestany/guestany.go
//go:embed goglue/guest/guestany/home.go goglue/guest/guestfs/guestfs.go
//go:embed goglue/guest/guestjson/guestjson.go goglue/guest/guestjson/fields.go
//go:embed goglue/guest/guesthttp/guesthttp.go goglue/guest/guesthttp/request.go goglue/guest/guesthttp/header.go goglue/guest/guesthttp/answer.go goglue/guest/guesthttp/address.go
//go:embed goglue/guest/guesthttp/writer.go goglue/guest/guesthttp/target.go goglue/guest/guesthttp/abilities.go
//go:embed goglue/guest/guesthttp/combined.go goglue/guest/guesthttp/conn.go
var GuestSources embed.FS
