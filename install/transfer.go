package install

// Transfer is how much of a file has arrived that an installer fetches.
type Transfer struct {
	Module, Version string
	File            string // of the module: "zip", "source", "layer 2", "repository"
	Arrived         int64  // bytes
	Size            int64  // of the whole file in bytes; -1 if unknown
	Ended           bool   // it arrived, or will not
}

// told is after how many bytes a transfer is told about again.
const told = 256 << 10

// Receiver tells [Session.Progress] how much of one file has arrived: of what is written to it. It
// is not safe for concurrent use.
type Receiver struct {
	now  Transfer
	told int64
	tell func(Transfer)
}

// Receive begins to tell of a file. Installers begin before they wait for their turn to fetch it,
// so that what is wanted counts at once; the caller ends the Receiver.
func (s *Session) Receive(module, version, file string) *Receiver {
	r := &Receiver{now: Transfer{Module: module, Version: version, File: file, Size: -1}, tell: s.Progress}
	if r.tell == nil {
		r.tell = func(Transfer) {}
	}
	r.tell(r.now)
	return r
}

// Expect begins the file, once more if it is tried again; -1 is an unknown size.
func (r *Receiver) Expect(size int64) {
	r.now.Arrived, r.now.Size, r.told = 0, size, 0
	r.tell(r.now)
}

// Write counts what has arrived.
func (r *Receiver) Write(p []byte) (int, error) {
	r.now.Arrived += int64(len(p))
	if r.now.Arrived-r.told >= told {
		r.told = r.now.Arrived
		r.tell(r.now)
	}
	return len(p), nil
}

// End tells that the file arrived, or will not. It is idempotent.
func (r *Receiver) End() {
	if !r.now.Ended {
		r.now.Ended = true
		r.tell(r.now)
	}
}
