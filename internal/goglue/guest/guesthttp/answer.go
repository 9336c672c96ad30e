package guesthttp

import "github.com/loadgo/load/internal/wire"

// Answer is a part of an answer: what it says is done in this order.
type Answer struct {
	Header Changes
	Begins bool // WriteHeader is called
	Status int
	Data   [][]byte // Write is called with each
	Text   bool     // WriteString instead
	Flush  Flush
	Apart  bool // from the header, which somebody may be changing
}

func (a *Answer) empty() bool {
	return !a.Begins && len(a.Data) == 0 && a.Flush == 0 && a.Header.empty()
}

// Flush says what flushes.
type Flush uint8

const (
	byFlusher    Flush = 1 + iota // an [http.Flusher]
	byController                  // an [http.ResponseController]
)

// put appends what an answer says that waits.
func (a *Answer) put(e *wire.Encoder) {
	e.Bool(a.empty())
	if a.empty() {
		return
	}
	a.Header.put(e)
	e.Bool(a.Begins)
	e.Int(int64(a.Status))
	e.Bool(a.Text)
	e.Uint(uint64(a.Flush))
	e.Uint(uint64(len(a.Data)))
	for _, data := range a.Data {
		e.Bytes(data)
	}
}

// takeAnswer takes an answer, whose data are parts of the message.
func takeAnswer(d *wire.Decoder) (a Answer) {
	if d.Bool() {
		return a
	}
	a.Header, a.Begins, a.Status, a.Text, a.Flush = takeChanges(d), d.Bool(), int(d.Int()), d.Bool(), Flush(d.UintN(2))
	const sliceSize = 24
	if n := count(d, sliceSize); n > 0 {
		a.Data = make([][]byte, n)
		for i := range a.Data {
			size, _ := d.Len(1)
			a.Data[i] = d.Raw(size)
		}
	}
	return a
}

// Message is what crosses as it is. It has no methods: it is data alone.
type Message struct{ Data []byte }

// messageFactor is how many bytes of memory a message takes for each of its own, at most.
const messageFactor = 16

// decoder returns what decodes a message.
func decoder(m Message) wire.Decoder {
	d := wire.NewDecoder(m.Data)
	d.LimitTo(messageFactor*(len(m.Data)+1<<10), nil)
	return d
}
