package build

import (
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build/workspace"
)

// given returns the expression that makes a value of a type of what the host gave.
func (g *generator) given(n int) string {
	if g.api.Types[n].Bridge != 0 {
		return g.bridged(n)
	}
	return g.need("fwd", n) + "(c.Host())"
}

// forward writes what forwards to the host: a function that makes functions, or a function and a
// type with the methods of an interface.
func (g *generator) forward(n int) {
	t := g.types[n]
	if !g.nameable(t) {
		t = g.loose(t)
	}
	if sig, ok := t.Underlying().(*types.Signature); ok {
		g.printf("func fwd%d(h *guest.Host) %s {\n\treturn func", n, g.spell(t))
		g.forwardBody("h", "Begin", 0, g.api.Types[n].Answered()[0], sig)
		g.printf("}\n\n")
		return
	}
	pointer := g.use("unsafe") + ".Pointer"
	host := "(*guest.Host)(" + pointer + "(v))"
	g.printf("func fwd%d(h *guest.Host) %s {\n\tr := (*host%d)(%s(h))\n", n, g.spell(t), n, pointer)
	switch reads, writes, j := api.Streams(g.api, &g.api.Types[n]); {
	case reads:
		g.printf("\tif v, ok := %s.Reader(h, r, %d, %d).(%s); ok {\n\t\treturn v\n\t}\n", g.use(workspace.GuestStreamPath), j, len(g.api.Types[n].Methods), g.spell(t))
	case writes:
		g.printf("\tif v, ok := %s.Writer(h, r, %d).(%s); ok {\n\t\treturn v\n\t}\n", g.use(workspace.GuestStreamPath), len(g.api.Types[n].Methods), g.spell(t))
	}
	g.printf("\treturn r\n}\n\n")
	g.printf("type host%d func()\n\nfunc (v *host%d) HostHandle() uint64 { return %s.HostHandle() }\n\n", n, n, host)
	g.asked(n, host)
	begin := "Begin"
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() == g.bridging[workspace.GuestHTTPPath] {
		begin = "Call" // a response looks at nothing that the handler's call shares
	}
	for i, m := range g.api.Types[n].Methods {
		sig := g.funcs[m.Func-1].sig
		g.printf("func (v *host%d) %s", n, m.Name)
		special := ""
		switch api.StreamMethod(g.api, m) {
		case api.ReadMethod:
			special = fmt.Sprintf("return %s.Read(%d, p)", host, i)
		case api.ReadAtMethod:
			special = fmt.Sprintf("return %s.ReadAt(%d, p, off)", host, i)
		}
		if special != "" {
			params := map[string]string{"Read": "p []byte", "ReadAt": "p []byte, off int64"}[m.Name]
			g.printf("(%s) (int, error) { %s }\n\n", params, special)
			continue
		}
		g.forwardBody(host, begin, i, m, sig)
	}
}

// forwardBody writes parameters, results and body of what forwards to a method of the host, by the
// call that begins so.
func (g *generator) forwardBody(host, begin string, i int, m api.Method, sig *types.Signature) {
	params := make([]string, sig.Params().Len())
	for j := range params {
		t := g.spell(sig.Params().At(j).Type())
		if sig.Variadic() && j == len(params)-1 {
			t = "..." + strings.TrimPrefix(t, "[]")
		}
		params[j] = fmt.Sprintf("a%d %s", j, t)
	}
	results := make([]string, sig.Results().Len())
	for j := range results {
		results[j] = fmt.Sprintf("r%d %s", j, g.spell(sig.Results().At(j).Type()))
	}
	g.printf("(%s) (%s) {\n", strings.Join(params, ", "), strings.Join(results, ", "))
	if serve := g.api.Funcs[m.Func-1].Serve.Func; serve != 0 {
		g.forwardServing(host, i, g.funcs[serve-1].served)
	}
	args := make([]string, len(params))
	for j := range args {
		args[j] = "a" + strconv.Itoa(j)
	}
	g.forwardCall(fmt.Sprintf("%s.%s(%d)", host, begin, i), sig, args)
	g.printf("\treturn\n}\n\n")
}

// forwardCall writes the call of a method of the host with these arguments, which begins so.
func (g *generator) forwardCall(begin string, sig *types.Signature, args []string) {
	g.printf("\tc := %s\n\tfor c.Encoding() {\n", begin)
	for j, arg := range args {
		t := sig.Params().At(j).Type()
		if kindOf(t) == api.KindContext {
			g.printf("\tc.PutContext(%s)\n", arg)
			continue
		}
		g.printf("\tc.Result(%d)\n\t%s\n", j, g.encode(t, arg))
	}
	g.printf("\t}\n")
	last := sig.Results().Len() - 1
	if last >= 0 && kindOf(sig.Results().At(last).Type()) == api.KindError {
		g.printf("\tif r%d = c.Try(); r%d != nil {\n\t\treturn\n\t}\n", last, last)
	} else {
		g.printf("\tc.Send()\n")
	}
	for j := range sig.Results().Len() {
		g.printf("\tr%d = %s\n", j, g.decode(sig.Results().At(j).Type()))
	}
	g.printf("\tc.Taken()\n")
}

// standardSentinels are the errors of the standard library that cross as themselves, by package.
var standardSentinels = map[string][]string{
	"archive/zip":    {"ErrFormat", "ErrAlgorithm", "ErrChecksum"},
	"bufio":          {"ErrTooLong", "ErrBufferFull", "ErrNegativeCount", "ErrInvalidUnreadByte", "ErrInvalidUnreadRune"},
	"compress/gzip":  {"ErrChecksum", "ErrHeader"},
	"context":        {"Canceled", "DeadlineExceeded"},
	"crypto/rsa":     {"ErrDecryption", "ErrVerification"},
	"encoding/hex":   {"ErrLength"},
	"errors":         {"ErrUnsupported"},
	"flag":           {"ErrHelp"},
	"io":             {"EOF", "ErrUnexpectedEOF", "ErrClosedPipe", "ErrShortWrite", "ErrShortBuffer", "ErrNoProgress"},
	"io/fs":          {"ErrInvalid", "ErrPermission", "ErrExist", "ErrNotExist", "ErrClosed", "SkipDir", "SkipAll"},
	"mime":           {"ErrInvalidMediaParameter"},
	"mime/multipart": {"ErrMessageTooLarge"},
	"net":            {"ErrClosed"},
	"net/http": {
		"ErrAbortHandler", "ErrServerClosed", "ErrHandlerTimeout", "ErrBodyNotAllowed", "ErrNotSupported", "ErrNoCookie", "ErrNoLocation",
		"ErrUseLastResponse", "ErrMissingFile", "ErrMissingBoundary", "ErrNotMultipart", "ErrContentLength", "ErrHijacked",
	},
	"os":            {"ErrDeadlineExceeded", "ErrProcessDone"},
	"path":          {"ErrBadPattern"},
	"path/filepath": {"ErrBadPattern"},
	"strconv":       {"ErrRange", "ErrSyntax"},
}

// sentinels writes the errors that the host knows by name.
func (g *generator) sentinels() {
	g.printf("\t\tSentinels: []guest.Sentinel{\n")
	for _, path := range slices.Sorted(maps.Keys(standardSentinels)) {
		if !g.deps[path] || g.homePath(path) {
			continue
		}
		for _, name := range standardSentinels[path] {
			g.printf("\t\t\t{Name: %q, Value: func() error { return %s.%s }, Shared: true},\n", path+"."+name, g.use(path), name)
		}
	}
	for _, s := range g.api.Symbols {
		if f := g.sentinelOf(s); f != nil {
			name := s.Name
			if slices.Contains(standardSentinels[f.pkg.Path()], f.name) {
				name = f.pkg.Path() + "." + f.name
			} else if slices.Contains(standardSentinels[g.prefixes[f.pkg]], f.name) {
				continue // a companion that goes by the name of a standard package
			}
			g.printf("\t\t\t{Name: %q, Value: func() error { return %s }},\n", name, g.target(*f))
		}
	}
	g.printf("\t\t},\n")
}

// standardErrors writes what tells the errors of the standard library that are structs.
func (g *generator) standardErrors() {
	var cases strings.Builder
	for _, name := range slices.Sorted(maps.Keys(api.StandardErrors)) {
		t := api.StandardErrors[name]
		path := strings.TrimSuffix(name, "."+t.Name())
		if !g.deps[path] {
			continue
		}
		var fields []string
		for f := range t.Fields() {
			if f.Type.Kind() != reflect.Interface { // the other side has what the error wraps
				fields = append(fields, "err."+f.Name)
			}
		}
		fmt.Fprintf(&cases, "\t\t\tcase *%s.%s:\n\t\t\t\tif err != nil {\n", g.use(path), t.Name())
		fmt.Fprintf(&cases, "\t\t\t\t\treturn %q, []any{%s}\n\t\t\t\t}\n", name, strings.Join(fields, ", "))
	}
	g.printf("\t\tStandardError: func(err error) (string, []any) {\n")
	if cases.Len() > 0 {
		g.printf("\t\t\tswitch err := err.(type) {\n%s\t\t\t}\n", cases.String())
	}
	g.printf("\t\t\treturn \"\", nil\n\t\t},\n")
}

// sentinelOf returns what reads a variable or a constant that is an error, or nil.
func (g *generator) sentinelOf(s api.Symbol) *goFunc {
	if s.Func == 0 || s.Type == 0 || s.Kind == engine.KindType {
		return nil
	}
	f := &g.funcs[s.Func-1]
	if f.form != formVar || !isErrorType(f.value) {
		return nil
	}
	return f
}
