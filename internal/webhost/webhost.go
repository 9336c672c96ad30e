// Package webhost knows the spellings of a host.
package webhost

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Canonical returns a host as every spelling of it is compared: in lower case, without a dot at its
// end; an address as [netip.Addr] writes it, without brackets and zone. Addresses of IPv4 count in
// all forms that inet_aton(3) reads, since resolvers and curl do: 127.1, 0x7f.1 and 2130706433 are
// 127.0.0.1, and so is ::ffff:127.0.0.1.
func Canonical(host string) string {
	host = strings.TrimRight(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		return addr.Unmap().WithZone("").String()
	}
	if addr, ok := ipv4(host); ok {
		return addr.String()
	}
	return host
}

// Doubt says why programs do not agree which host a URL's "host:port" is, or returns "".
//
// Letters outside of ASCII are turned into others (IDNA, RFC 5895), and not by all into the same:
// "ｌocalhost" and "loca\u00adlhost" are localhost. Of several colons outside of brackets, which RFC
// 3986 forbids, some programs take the first for that of the port, and some the last: net/url
// does, too, in a program whose go.mod says less than Go 1.26.
func Doubt(hostPort string) string {
	switch {
	case strings.ContainsFunc(hostPort, func(r rune) bool { return r >= utf8.RuneSelf }):
		return "has letters outside of ASCII, which can look like others: write them as xn--…"
	case strings.Count(hostPort[strings.LastIndex(hostPort, "]")+1:], ":") > 1:
		return "has several colons: write a port after the only one, and an address of IPv6 in brackets"
	}
	return ""
}

// IsLocal reports whether a host is this machine by its name or address.
func IsLocal(host string) bool {
	host = Canonical(host)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && (addr.IsLoopback() || addr.IsUnspecified())
}

// ipv4 reads one to four numbers, decimal, octal or hexadecimal, of which the last fills what is
// left.
func ipv4(host string) (netip.Addr, bool) {
	numbers := strings.Split(host, ".")
	if len(numbers) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, text := range numbers {
		base, most := 10, uint64(0xff)
		if hex, ok := strings.CutPrefix(text, "0x"); ok {
			base, text = 16, hex
		} else if octal, ok := strings.CutPrefix(text, "0"); ok && octal != "" {
			base, text = 8, octal
		}
		if last := i == len(numbers)-1; last {
			most = 1<<(8*(4-i)) - 1
		}
		n, err := strconv.ParseUint(text, base, 32)
		if err != nil || n > most || strings.HasPrefix(text, "+") {
			return netip.Addr{}, false
		}
		if most == 0xff && i < 3 {
			n <<= 8 * (3 - i)
		}
		sum += n
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(sum)))), true
}
