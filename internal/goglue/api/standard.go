package api

import (
	"encoding/json"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/internal/wire/dynamic"
)

// TextTypes are types of the standard library without exported fields, which cross in an any as the
// text that their own methods write.
var TextTypes = map[reflect.Type]string{
	reflect.TypeFor[big.Int](): "math/big.Int", reflect.TypeFor[big.Rat](): "math/big.Rat", reflect.TypeFor[big.Float](): "math/big.Float",
	reflect.TypeFor[netip.Addr](): "net/netip.Addr", reflect.TypeFor[netip.AddrPort](): "net/netip.AddrPort", reflect.TypeFor[netip.Prefix](): "net/netip.Prefix",
}

// StandardTypes are types of the standard library that are made of plain data and have methods.
// They keep them in an any.
var StandardTypes = map[reflect.Type]string{
	reflect.TypeFor[time.Month](): "time.Month", reflect.TypeFor[time.Weekday](): "time.Weekday",
	reflect.TypeFor[json.RawMessage](): "encoding/json.RawMessage", reflect.TypeFor[json.Number](): "encoding/json.Number",
	reflect.TypeFor[net.IP](): "net.IP", reflect.TypeFor[net.IPMask](): "net.IPMask", reflect.TypeFor[net.HardwareAddr](): "net.HardwareAddr",
	reflect.TypeFor[fs.FileMode](): "io/fs.FileMode", reflect.TypeFor[slog.Level](): "log/slog.Level",
	reflect.TypeFor[url.Values](): "net/url.Values", reflect.TypeFor[http.Header](): "net/http.Header",
}

// StandardNames are further types of the standard library that keep their names in an any. The host
// does not contain their packages unless its program does, so it knows them by the values that it
// gives.
var StandardNames = map[string]bool{
	"encoding/xml.Name": true, "html/template.CSS": true, "html/template.HTML": true, "html/template.HTMLAttr": true, "html/template.JS": true,
	"html/template.JSStr": true, "html/template.Srcset": true, "html/template.URL": true,
}

// Knows reports whether the module contains the package of a type that keeps its name in an any.
func (a *API) Knows(name string) bool {
	_, knows := slices.BinarySearch(a.Known, name[:strings.LastIndexByte(name, '.')])
	return knows
}

// OwnName is how a type of the module's packages is named in an any, where the host contains them,
// too: unlike those of the standard library, its values stay in the module until the host has given
// one.
func OwnName(name string) string { return dynamic.Own + name }

// IsNamed reports whether the module has a type with that name, path and all, whose values the host
// can make of their parts.
func (a *API) IsNamed(name string) bool {
	_, is := slices.BinarySearch(a.Named, name)
	return is
}

// Trusted reports whether values of a type with that name are trusted for what the type says, as a
// [html/template.HTML] is not escaped: a module cannot make them for the host.
func Trusted(name string) bool { return strings.HasPrefix(name, "html/template.") }
