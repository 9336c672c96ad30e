package wire

// Abilities are methods that a reader or a writer of the host has besides those of the interface
// that it is given as. Code that gets a reader asks for them by type assertion.
type Abilities uint8

// The abilities of readers, and those of writers. Those of both are the first two.
const (
	CanClose  Abilities = 1 << iota // [io.Closer]
	CanString                       // [fmt.Stringer]
	CanSeek                         // [io.Seeker]
	CanReadAt                       // [io.ReaderAt]
	CanByte                         // [io.ByteReader], and not CanScan
	CanScan                         // [io.ByteScanner] and [io.RuneScanner]
)

// The abilities of writers only.
const (
	CanWriteString Abilities = CanSeek << iota // [io.StringWriter]
	CanSync                                    // Sync() error
	CanFlush                                   // Flush() error
)

// The methods by which a module calls what a value of the host has besides the methods of its
// interface: they follow those, and one place for the abilities themselves.
const (
	CloseAbility = iota
	StringAbility
	SeekAbility
	ReadAtAbility
	ReadByteAbility
	UnreadByteAbility
	ReadRuneAbility
	UnreadRuneAbility
	WriteStringAbility
	SyncAbility
	FlushAbility
)

// The methods by which a module asks a value of the host for what the standard library asks for by
// type assertion. They follow those of the interface, and of the abilities where it has any.
const (
	AskJSON = iota
	AskFromJSON
	AskFormat
	AskBoolFlag
	AskCumulative
)

// LastRead is what a module did last with what it has of a reader of the host that the host has not
// read yet: the host does it, too.
type LastRead uint64

const (
	ReadNothing LastRead = iota
	ReadBytes
	ReadRune
	BackByte // it took back the last byte
	BackRune // it took back the last rune
)
