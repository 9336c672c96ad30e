package wire

import "strconv"

// A frame is a length of four bytes, little-endian, that counts what follows, and a body: one byte
// of kind and then what the kind says. A connection starts with the module's Hello.
//
//	Hello        format, API sum                                           module → host, once, when its initialisation is over
//	Call         within, call number, function, mode, deadline, arguments  host → module
//	Result       call number, outcome, changes, results                    module → host
//	Cancel       call number                                               host → module
//	Release      count, handles                                            host → module
//	HostCall     within, call number, handle, method, scope, arguments     module → host
//	HostResult   call number, outcome, changes, results                    host → module
//	HostCancel   call number                                               module → host
//	HostRelease  count, host handles, each with how often it arrived       module → host
//
// Within is the number of the other side's call, in eight bytes, whose own goroutine makes this
// one, and waits there for the answer: that call's goroutine here can run it. It is 0 for what
// other goroutines call, and for a Call whose caller may not stay until it returns.
//
// The method of a HostCall is four times its index, two more where changes of lasting things follow
// (see [Lasting]), which also come before all else of the answer then, and one more where a scope
// follows: the number of a call of the host that goes on and gave the value. The changes of what
// that call shares come before the arguments then, and before the results of the answer.
//
// Each side numbers its own calls, which are answered in any order. A deadline is the number of
// nanoseconds that the call has left, or 0 for no deadline. A context among the arguments of a
// HostCall is its deadline, or Cancelled.
type Kind = byte

// The kinds of frames.
const (
	Hello       Kind = 1
	Call        Kind = 2
	Result      Kind = 3
	Cancel      Kind = 4
	Release     Kind = 5
	HostCall    Kind = 6
	HostResult  Kind = 7
	HostCancel  Kind = 8
	HostRelease Kind = 9
)

// The mode of a call has two bits for every one of its first results: they ask for a handle (0),
// for a value, or for what the type's own methods write, each where the type can do that. So has
// the mode of a method of the host, for every one of its parameters.
const (
	ModeValue = 1
	ModeText  = 2
	// ModeHold asks for a handle of a pointer to a struct that is copied elsewhere.
	ModeHold = 3
	// ModeBits is the number of bits of one result, and MaxModes the number of results that have
	// them.
	ModeBits = 2
	MaxModes = 28
	// ModeShare makes the call one that shares things, see [Sharing]: its answer has their changes
	// before the results.
	ModeShare = 1 << 62
	// ModeServe says that a method of the host takes the writer and the request of its parameters
	// as they are: it is called by its second form.
	ModeServe = 1 << 61
	// ModeStay says that who waits for the call waits for what it calls of the host, too, even
	// where its context ends. It is for the host alone.
	ModeStay = 1 << 59
	// ModeLast says that the things of the call may last: the handle by which both sides know them
	// follows in the Call, see [Lasting].
	ModeLast = 1 << 58
	// ModeLasting says that what has changed of lasting things comes before the arguments, and is
	// to come after the results.
	ModeLasting = 1 << 57
	// ModeOpaque asks for handles of what has unexported parts, even if it has a text form.
	ModeOpaque = 1 << 60
	// ModeSet makes what reads a field or a variable write it: the new value is the argument.
	ModeSet = 1 << 63
)

// Cancelled stands for the deadline of a context that has ended.
const Cancelled = 1

// HeaderSize is the size of a frame's length.
const HeaderSize = 4

// MaxMessage is how many bytes the arguments or the results of a call take at most, where nobody
// says otherwise.
const MaxMessage = 256 << 20

// MaxFrame is the size of the largest frame body in bytes for messages of at most so many bytes.
func MaxFrame(maxMessage int) int { return maxMessage + 1<<10 }

// MaxMessageVariable is the environment variable that tells a module of another limit than
// MaxMessage.
const MaxMessageVariable = "LOAD_MAX_MESSAGE"

// Size spells a number of bytes as package quantity does, which modules do not have.
func Size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n) + "B"
}

// Outcome says how a call ended; it decides what the rest of a Result is.
type Outcome = byte

// The outcomes.
const (
	Done     Outcome = 0 // the function returned; its results follow
	Panicked Outcome = 1 // it panicked; the value as text, the stack, and the value in a form of its own follow
	Refused  Outcome = 2 // it was not called; the reason follows as text
	Exited   Outcome = 3 // it ended its goroutine with runtime.Goexit
)

// What was changed of the things of a call follows the outcome, except [Refused], in a HostResult,
// and the results, the panic or the end in a Result, where it is part of what the outcome [Done]
// begins with.

// How the value of a panic crosses.
const (
	PanicText   = 0 // only as text
	PanicError  = 1 // an error follows
	PanicString = 2 // the text is the value
	PanicInt    = 3 // an int follows
	PanicHeld   = 4 // a handle of the module's value follows, with its type
	PanicHost   = 5 // the handle of the host's value follows
)

// Functions that every module answers besides its own. Each takes a handle first.
const (
	FuncText  = 0 // the value as fmt.Sprint prints it → string
	FuncJSON  = 1 // what encoding/json writes of the value → its tree, error
	FuncEqual = 2 // another handle: whether both values are equal, as == has it → bool, error
	FuncRead  = 3 // the most bytes to read from an io.Reader → bytes, error
	FuncEnd   = 4 // ends the context that the call which returned the object was given
	FuncError = 5 // the error that the value is → error
	// FuncFields sets fields of a struct and returns others. It takes the number of the struct's
	// type, fields with their numbers as a struct that is not plain has them, and a list of
	// numbers; it returns the fields with these, each after a byte that is 0 where it is what it
	// was when last set or returned, of functions, interfaces and pointers that are held.
	FuncFields = 6
	FuncIs     = 7 // an error: whether the Is method of the value accepts it → bool
	FuncCount  = 8 // the number of such functions: the module's own follow
)

// What a part of a tree is that the host writes as encoding/json does.
const (
	TreeNull    = 0
	TreeJSON    = 1 // bytes that are JSON follow
	TreeBool    = 2
	TreeInt     = 3
	TreeUint    = 4
	TreeFloat32 = 5
	TreeFloat64 = 6
	TreeString  = 7
	TreeBytes   = 8
	TreeList    = 9  // its length and its elements follow
	TreeMap     = 10 // its length follows, then keys, which are texts, and elements
	TreeStruct  = 11 // for each field true, its name, whether it is quoted, and its value follow; then false
)

// WithinSize is the size of what a Call and a HostCall begin with, after their kind.
const WithinSize = 8

// PutWithin writes the number of a call there.
func PutWithin(within []byte, call uint64) {
	for i := range WithinSize {
		within[i] = byte(call >> (8 * i))
	}
}

// Within reads what a Call or a HostCall begins with, after its kind, and returns the rest. Ok is
// false for a body that ends before.
func Within(body []byte) (call uint64, rest []byte, ok bool) {
	if len(body) < WithinSize {
		return 0, nil, false
	}
	for i := range WithinSize {
		call |= uint64(body[i]) << (8 * i)
	}
	return call, body[WithinSize:], true
}

// PutHeader writes the length of a frame's body into the header in front of it.
func PutHeader(header []byte, bodySize int) {
	n := uint32(bodySize)
	header[0], header[1], header[2], header[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

// NewFrame returns an encoder with space for a frame's header, and the frame's kind.
func NewFrame(kind Kind) *Encoder {
	return &Encoder{Buf: append(make([]byte, HeaderSize, 64), kind)}
}

// Finish writes the header of a frame that begins with it.
func (e *Encoder) Finish() { PutHeader(e.Buf, e.Size()-HeaderSize) }

// BodySize reads the length of a frame's body.
func BodySize(header []byte) int {
	return int(uint32(header[0]) | uint32(header[1])<<8 | uint32(header[2])<<16 | uint32(header[3])<<24)
}
