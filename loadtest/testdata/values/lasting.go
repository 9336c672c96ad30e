package values

import (
	"math/big"
	"strconv"
)

// What a module holds of the host when a call is over.

var (
	keptText   *string
	keptNumber *int64
	keptConfig *Config
	keptBig    *big.Int
	keptAny    any
	keptAll    []*string
	keptList   *[]Entry
	keptEntry  *Entry
)

// Entry and Config are what a parser fills.
type Entry struct {
	Name string
	Tags map[string]string
}

type Config struct {
	Name    string
	Level   int
	Entries []Entry
	Sub     *Config
	Labels  map[string]string
}

// KeepText binds a variable, as flag.StringVar does, and ParseText sets it.
func KeepText(p *string, value string) { keptText, *p = p, value }
func ParseText(text string)            { *keptText = text }
func ParseNothing()                    { *keptText += "!" }
func TextKept() string                 { return *keptText }
func SameText(p *string) bool          { return p == keptText }
func OtherText(p *string)              { *p += "?" }
func NewText(value string) *string     { keptText = &value; return keptText }
func NewCount() *int64                 { keptNumber = new(int64); return keptNumber }
func CountUp() int64                   { *keptNumber++; return *keptNumber }
func KeepBig(n *big.Int)               { keptBig = n }
func GrowBig() string                  { keptBig.Mul(keptBig, keptBig); return keptBig.String() }
func KeepAll(all ...*string)           { keptAll = all }
func FillKept(text string) {
	for i, p := range keptAll {
		*p = text + strconv.Itoa(i)
	}
}

// KeepEntry keeps a struct of plain data.
func KeepEntry(e *Entry) { keptEntry = e }

func NameEntry(name string)    { keptEntry.Name, keptEntry.Tags = name, map[string]string{name: name} }
func EntryKept() (string, int) { return keptEntry.Name, len(keptEntry.Tags) }

// KeepConfig is what a parser is built on, and ParseConfig fills it.
func KeepConfig(c *Config) { keptConfig = c }

func ParseConfig(name string) {
	keptConfig.Name = name
	keptConfig.Level++
	keptConfig.Entries = append(keptConfig.Entries, Entry{Name: name, Tags: map[string]string{"of": name}})
	if keptConfig.Labels == nil {
		keptConfig.Labels = map[string]string{}
	}
	keptConfig.Labels[name] = name
	if keptConfig.Sub != nil {
		keptConfig.Sub.Name += name
	} else {
		keptConfig.Sub = &Config{Name: "new"}
	}
}

// ChangeParsed changes what ParseConfig has made.
func ChangeParsed() {
	keptConfig.Entries[0].Name += "*"
	keptConfig.Entries[0].Tags["more"] = "yes"
	keptConfig.Sub.Level = 7
}
func ConfigKept() (string, int)     { return keptConfig.Name, keptConfig.Level }
func NewConfig(name string) *Config { keptConfig = &Config{Name: name}; return keptConfig }

// KeptAgain and the others return what is kept, once more.
func KeptAgain() *Config  { return keptConfig }
func TextAgain() *string  { return keptText }
func ListAgain() *[]Entry { return keptList }
func PairAgain() (a, b *Config, all []*Config) {
	return keptConfig, keptConfig.Sub, []*Config{keptConfig}
}
func SameConfig(c *Config) bool { return c == keptConfig }
func NameConfig(name string)    { keptConfig.Name = name }
func KeepList(list *[]Entry)    { keptList = list }
func AppendKept(name string)    { *keptList = append(*keptList, Entry{Name: name}) }
func KeepAnyPointer(p any)      { keptAny = p }
func KeptAnyPointer() any       { return keptAny }
func ForgetLasting() {
	keptText, keptConfig, keptAny, keptAll, keptList, keptBig = nil, nil, nil, nil, nil, nil
}
func ParseWith(text string, f func())  { *keptText = text; f(); *keptText += "." }
func WithOption(f func(string) string) { *keptText = f(*keptText) }

// Binder binds variables by its methods.
type Binder struct{ bound map[string]*string }

func NewBinder() *Binder                        { return &Binder{bound: map[string]*string{}} }
func (b *Binder) Bind(name string, p *string)   { b.bound[name] = p }
func (b *Binder) String(name, v string) *string { b.bound[name] = &v; return &v }
func (b *Binder) Set(name, value string) (ok bool) {
	p, ok := b.bound[name]
	if ok {
		*p = value
	}
	return ok
}

// ReplaceKept replaces what KeepList and KeepConfig were given by new things, which lead to
// themselves. What was there is nobody's any more.
func ReplaceKept(name string) {
	list := make([]Entry, 5)
	for i := range list {
		list[i] = Entry{Name: name, Tags: map[string]string{"n": name}}
	}
	*keptList = list
	sub := &Config{Name: name}
	sub.Sub = sub
	keptConfig.Sub = sub
}

// ReplacedKept is what is there now.
func ReplacedKept() (entry, tag, config string) {
	last := (*keptList)[len(*keptList)-1]
	return last.Name, last.Tags["n"], keptConfig.Sub.Sub.Name
}
