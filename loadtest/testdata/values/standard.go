package values

import (
	"io/fs"
	"log/slog"
	"net"
	"net/http"
)

// The module contains what these types belong to.

func ModeText(m fs.FileMode) string           { return m.String() }
func LevelText(l slog.Level) string           { return l.String() }
func Mask(ip net.IP, ones int) net.IP         { return ip.Mask(net.CIDRMask(ones, 32)) }
func HeaderOf(h http.Header, k string) string { return h.Get(k) }
