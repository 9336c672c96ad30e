package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/wire"
)

// surveyed are packages of the standard library, besides strings, whose symbols are surveyed.
var surveyed = strings.Fields(`archive/tar archive/zip bufio bytes cmp compress/gzip container/list
	context crypto crypto/cipher crypto/ecdsa crypto/hmac crypto/sha256 crypto/tls crypto/x509
	database/sql database/sql/driver debug/elf embed encoding/asn1 encoding/base64 encoding/binary
	encoding/csv encoding/gob encoding/hex encoding/json encoding/xml errors expvar flag fmt go/ast
	go/constant go/types hash/crc32 html/template image image/color image/png io io/fs iter log
	log/slog maps math math/big math/bits math/cmplx math/rand/v2 mime mime/multipart net net/http
	net/netip net/rpc net/textproto net/url os os/exec os/signal path path/filepath reflect regexp
	regexp/syntax runtime runtime/debug slices sort strconv sync sync/atomic syscall testing
	testing/fstest text/scanner text/tabwriter text/template text/template/parse time unicode
	unicode/utf8 unique weak`)

// errReached is what the module of a survey answers to everything.
var errReached = errors.New("the call reached the module")

type unanswering struct{}

func (unanswering) Call(context.Context, string, int, uint64, *wire.Encoder) (Reply, error) {
	return Reply{}, errReached
}
func (unanswering) Release(uint64) {}
func (unanswering) Given()         {}

func surveyInstance(t *testing.T) *Instance {
	t.Helper()
	tc, err := toolchain.Find()
	require.NoError(t, err)
	src := &find.GoSource{GoMod: []byte("go 1.24\n"), ImportPath: "strings"}
	for _, path := range surveyed {
		src.Along = append(src.Along, find.Companion{Alias: strings.ReplaceAll(path, "/", "_"), Path: path})
	}
	work := filepath.Join(t.TempDir(), "work")
	require.NoError(t, os.Mkdir(work, 0o700))
	builder := build.Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	encoded, err := builder.Glue(t.Context(), find.Source{Kind: find.KindGo, Go: src}, work)
	require.NoError(t, err)
	described, err := api.DecodeAPI(encoded)
	require.NoError(t, err)
	return NewInstance("std", described, unanswering{}, inflight.Limits{})
}

// naturalSymbol is the type by which a call by name binds a symbol.
func (i *Instance) naturalSymbol(s *api.Symbol) reflect.Type {
	if s.Func == 0 {
		return codec.AnyType
	}
	call, isFunc := i.target(s, s.Name)
	if !isFunc {
		return i.codec.Natural(call.Out[0])
	}
	return i.naturalFunc(call.Func)
}

func (i *Instance) naturalFunc(f *api.Func) reflect.Type {
	in, out := []reflect.Type{}, []reflect.Type{}
	for j, n := range f.In {
		if j == 0 && i.api.Types[n].Kind == api.KindContext {
			in = append(in, codec.ContextType)
			continue
		}
		in = append(in, i.codec.Natural(n))
	}
	for _, n := range f.Out {
		out = append(out, i.codec.Natural(n))
	}
	return reflect.FuncOf(in, out, f.Variadic)
}

// What symbols and methods say of their limits is what binding them does.
func TestLimitsOfSymbols(t *testing.T) {
	t.Parallel()
	i := surveyInstance(t)
	bound := 0
	check := func(name, limit string, err error) {
		bound++
		if limit == "" && errors.Is(err, errReached) {
			return // a variable is read when it is bound
		}
		if limit == "" {
			assert.NoError(t, err, name)
			return
		}
		var refused *engine.SymbolError
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, limit, refused.Reason, name)
	}
	for _, s := range i.Symbols() {
		found, err := i.find(s.Name)
		require.NoError(t, err)
		_, err = i.Bind(s.Name, i.naturalSymbol(found))
		check(s.Name, s.Limit, err)
		for _, m := range s.Methods {
			o := &object{instance: i, typ: found.Type}
			target, err := o.method(m.Name)
			if err == nil {
				_, err = o.Bind(m.Name, i.naturalFunc(target.Func))
			}
			check(s.Name+"."+m.Name, m.Limit, err)
		}
	}
	assert.Greater(t, bound, 8000)
}
