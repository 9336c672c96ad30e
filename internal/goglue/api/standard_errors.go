package api

import (
	"encoding/csv"
	"io/fs"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"time"
)

// StandardErrors are structs of the standard library, pointers to which are errors, by the names
// that both sides have for them. All their fields are exported: texts, numbers, booleans, and the
// error that they wrap.
var StandardErrors = map[string]reflect.Type{
	"encoding/csv.ParseError": reflect.TypeFor[csv.ParseError](),
	"io/fs.PathError":         reflect.TypeFor[fs.PathError](),
	"net.AddrError":           reflect.TypeFor[net.AddrError](),
	"net.DNSError":            reflect.TypeFor[net.DNSError](),
	"net.ParseError":          reflect.TypeFor[net.ParseError](),
	"net/url.Error":           reflect.TypeFor[url.Error](),
	"os.LinkError":            reflect.TypeFor[os.LinkError](),
	"os.SyscallError":         reflect.TypeFor[os.SyscallError](),
	"strconv.NumError":        reflect.TypeFor[strconv.NumError](),
	"time.ParseError":         reflect.TypeFor[time.ParseError](),
}
