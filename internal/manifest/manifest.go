// Package manifest reads Extism's manifests: files, in JSON or TOML, that name the WebAssembly
// modules of a plugin and what it asks for. See https://extism.org/docs/concepts/manifest.
package manifest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/loadgo/load/internal/quantity"
)

// Is reports whether a file is a manifest by its name.
func Is(file string) bool {
	return strings.HasSuffix(file, ".json") || strings.HasSuffix(file, ".toml")
}

// Hashed is what the hash of a source of one file is made of: the file, with what says its types if
// there is that, or the sum of a manifest and what it names. A file that is called as a manifest
// and is none stands for itself.
func Hashed(fsys fs.FS, name string, text []byte) []byte {
	if !Is(name) {
		return WithTypes(text, Types(fsys, name))
	}
	// What lies at a URL is known by its hash, which the text has.
	m, err := Read(fsys, name, func(string, int64) ([]byte, error) { return nil, errNotFetched })
	if err != nil {
		return text
	}
	return []byte(m.Sum)
}

// WithTypes is what Hashed returns for a file that is no manifest, with what says its types, or
// nil.
func WithTypes(text, types []byte) []byte {
	if types == nil {
		return text
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n%s%s", len(text), text, types)
	return sum.Sum(nil)
}

// Types is the text that says the types of a .wasm file's functions, NAME.wit beside it, or nil.
func Types(fsys fs.FS, name string) []byte {
	base, ok := strings.CutSuffix(name, ".wasm")
	if !ok {
		return nil
	}
	left := int64(maxTypes)
	text, err := readFile(fsys, base+".wit", &left)
	if err != nil {
		return nil
	}
	return text
}

// Manifest is a plugin as its manifest has it.
type Manifest struct {
	Modules []Module // the last one is the plugin itself, the others are what it links to
	Asks    Asks
	Sum     string // of the manifest and of all modules
}

// Module is a WebAssembly module of a plugin.
type Module struct {
	Name string
	Data []byte
}

// Asks is what a plugin asks for. Nothing of it is granted by that.
type Asks struct {
	Config       map[string]string `json:",omitempty"`
	Hosts        []string          `json:",omitempty"`
	Paths        []Path            `json:",omitempty"`
	Memory       int64             `json:",omitempty"` // bytes at most; 0 is no limit
	MaxResponse  int64             // bytes of an HTTP answer; negative is the default
	MaxVariables int64             // bytes; negative is the default
	Timeout      time.Duration     `json:",omitempty"` // of a call; 0 is none
}

// Path is a directory that a plugin asks for.
type Path struct {
	Host, Guest string
	ReadOnly    bool
}

const (
	// Main is the name of the plugin itself.
	Main       = "main"
	maxModules = 16
	maxText    = 32 << 20  // bytes of JSON, which may hold modules
	maxTOML    = 1 << 20   // bytes of TOML
	maxBytes   = 256 << 20 // of all modules
	pageSize   = 64 << 10
	maxTypes   = 1 << 20 // bytes
)

// entry is a module of a manifest as it is written.
type entry struct {
	Path    string            `json:"path" toml:"path"`
	Data    *string           `json:"data" toml:"data"` // base64
	URL     string            `json:"url" toml:"url"`
	Name    string            `json:"name" toml:"name"`
	Hash    string            `json:"hash" toml:"hash"`
	Method  string            `json:"method" toml:"method"`
	Headers map[string]string `json:"headers" toml:"headers"`
}

// entries makes no room for more of them than there can be.
type entries []entry

// UnmarshalJSON implements [json.Unmarshaler].
func (e *entries) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return errors.New("wasm is no list")
	}
	for d.More() {
		if len(*e) == maxModules {
			return fmt.Errorf("its list wasm has more than %d modules", maxModules)
		}
		var one entry
		if err := d.Decode(&one); err != nil {
			return err
		}
		*e = append(*e, one)
	}
	return nil
}

// file is the manifest as it is written.
type file struct {
	Wasm   entries `json:"wasm" toml:"wasm"`
	Memory struct {
		MaxPages     uint32 `json:"max_pages" toml:"max_pages"`
		MaxResponse  *int64 `json:"max_http_response_bytes" toml:"max_http_response_bytes"`
		MaxVariables *int64 `json:"max_var_bytes" toml:"max_var_bytes"`
	} `json:"memory" toml:"memory"`
	Config  map[string]*string `json:"config" toml:"config"`
	Hosts   []string           `json:"allowed_hosts" toml:"allowed_hosts"`
	Paths   map[string]string  `json:"allowed_paths" toml:"allowed_paths"`
	Timeout uint64             `json:"timeout_ms" toml:"timeout_ms"`
	Schema  string             `json:"$schema" toml:"$schema"`
}

// errNotFetched leaves a module out.
var errNotFetched = errors.New("it is not fetched")

// Read reads a manifest and its modules, which lie in its folder or below, or at URLs that fetch
// brings; nil brings nothing.
func Read(fsys fs.FS, name string, fetch Fetch) (*Manifest, error) {
	left := int64(maxText)
	text, err := readFile(fsys, name, &left)
	if err != nil {
		return nil, err
	}
	f, err := parse(name, text)
	if err != nil {
		why := strings.ToValidUTF8(err.Error(), "")
		return nil, fmt.Errorf("it is not an Extism manifest: %s", why[:min(len(why), maxReason)])
	}
	return f.manifest(fsys, path.Dir(name), text, fetch)
}

func parse(name string, text []byte) (*file, error) {
	var f file
	if strings.HasSuffix(name, ".toml") {
		if err := checkTOML(string(text)); err != nil {
			return nil, err
		}
		meta, err := toml.Decode(string(text), &f)
		if err == nil && len(meta.Undecoded()) > 0 {
			err = fmt.Errorf("unknown field %q", meta.Undecoded()[0].String())
		}
		return &f, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	return &f, nil
}

// What nests deeply takes a parser of TOML minutes, or the stack of the whole program.
const (
	maxNesting = 32
	maxDots    = 200 // of a line: the parts of a key
	maxReason  = 300 // bytes of what a parser says
)

// checkTOML refuses a text that takes much of its parser. Brackets and dots in strings count, too.
func checkTOML(text string) error {
	if len(text) > maxTOML {
		return errors.New("it has more than " + quantity.Size(maxTOML) + ": write it as JSON")
	}
	depth := 0
	for line := range strings.Lines(text) {
		depth += strings.Count(line, "[") + strings.Count(line, "{")
		if depth > maxNesting || strings.Count(line, ".") > maxDots {
			return errors.New("it nests too deeply")
		}
		depth = max(0, depth-strings.Count(line, "]")-strings.Count(line, "}"))
	}
	return nil
}

func (f *file) manifest(fsys fs.FS, dir string, text []byte, fetch Fetch) (*Manifest, error) {
	asks, err := f.asks()
	if err != nil {
		return nil, err
	}
	m := &Manifest{Asks: asks}
	if len(f.Wasm) == 0 || len(f.Wasm) > maxModules {
		return nil, fmt.Errorf("its list wasm has %d modules, and should have 1 to %d", len(f.Wasm), maxModules)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n%s", len(text), text)
	main, left := -1, int64(maxBytes)
	for i := range f.Wasm {
		module, err := f.module(fsys, dir, i, &left, fetch)
		if err != nil {
			return nil, fmt.Errorf("module %d of its list wasm: %w", i+1, err)
		}
		// As Extism's SDKs have it: the plugin itself is called main, or has no name, or is the
		// last.
		if main < 0 && (module.Name == "" || i == len(f.Wasm)-1) {
			module.Name = Main
		}
		if module.Name == Main && main < 0 {
			main = i
		}
		if slices.ContainsFunc(m.Modules, func(other Module) bool { return other.Name == module.Name }) {
			return nil, fmt.Errorf("two of its modules are called %q", module.Name)
		}
		if f.Wasm[i].remote() == "" {
			fmt.Fprintf(sum, "%d\n%s", len(module.Data), module.Data)
		}
		m.Modules = append(m.Modules, module)
	}
	m.Modules = append(slices.Delete(slices.Clone(m.Modules), main, main+1), m.Modules[main])
	m.Sum = hex.EncodeToString(sum.Sum(nil))
	return m, nil
}

// module reads a module of the list.
func (f *file) module(fsys fs.FS, dir string, i int, left *int64, fetch Fetch) (Module, error) {
	w := f.Wasm[i]
	m := Module{Name: w.Name}
	var err error
	switch {
	case w.Data != nil:
		m.Data, err = base64.StdEncoding.DecodeString(*w.Data)
	case w.Path != "":
		m.Data, err = readModule(fsys, dir, w.Path, left)
	case w.URL != "":
		if m.Data, err = w.fetch(left, fetch); err == errNotFetched {
			return m, nil
		}
	default:
		err = errors.New("it has neither path nor data")
	}
	if err != nil {
		return m, err
	}
	got := sha256.Sum256(m.Data)
	if w.Hash != "" && !strings.EqualFold(w.Hash, hex.EncodeToString(got[:])) {
		return m, fmt.Errorf("its SHA-256 is %x, not %s", got, w.Hash)
	}
	return m, nil
}

// remote is where the module is fetched from, or "".
func (e entry) remote() string {
	if e.Data != nil || e.Path != "" {
		return ""
	}
	return e.URL
}

// fetch brings a module from its URL. Without a hash nobody could say what it is.
func (e entry) fetch(left *int64, fetch Fetch) ([]byte, error) {
	switch {
	case e.Hash == "":
		return nil, fmt.Errorf("it is at %s: put the SHA-256 of the file into hash, or the file beside the manifest, and its name into path", e.URL)
	case e.Method != "" && e.Method != "GET" || len(e.Headers) > 0:
		return nil, fmt.Errorf("it is at %s, which is asked by GET and without headers", e.URL)
	case fetch == nil:
		return nil, fmt.Errorf("it is at %s, and wasm.Config.Fetch is not set: put the file beside the manifest, and its name into path", e.URL)
	}
	data, err := fetch(e.URL, *left)
	if *left -= int64(len(data)); *left < 0 && err == nil {
		err = errors.New("it is too large")
	}
	return data, err
}

func readModule(fsys fs.FS, dir, name string, left *int64) ([]byte, error) {
	name = path.Join(dir, strings.ReplaceAll(name, `\`, "/"))
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%s is not below the manifest's folder", name)
	}
	return readFile(fsys, name, left)
}

// readFile reads a file of at most as many bytes as are left.
func readFile(fsys fs.FS, name string, left *int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, *left+1))
	if *left -= int64(len(data)); *left < 0 && err == nil {
		err = errors.New("it is too large")
	}
	return data, err
}

// asks is what the manifest says beside its modules.
func (f *file) asks() (Asks, error) {
	a := Asks{Hosts: f.Hosts, Memory: int64(f.Memory.MaxPages) * pageSize, MaxResponse: -1, MaxVariables: -1}
	for key, value := range f.Config {
		if value == nil {
			continue
		}
		if a.Config == nil {
			a.Config = make(map[string]string)
		}
		a.Config[key] = *value
	}
	for _, host := range f.Hosts {
		if _, err := path.Match(host, ""); err != nil {
			return a, fmt.Errorf("allowed_hosts: %q is not a pattern", host)
		}
	}
	for host, guest := range f.Paths {
		host, readOnly := strings.CutPrefix(host, "ro:")
		guest = path.Join("/", guest)
		if host == "" || slices.ContainsFunc(a.Paths, func(p Path) bool { return p.Guest == guest }) {
			return a, fmt.Errorf("allowed_paths: %q cannot be shown at %q", host, guest)
		}
		a.Paths = append(a.Paths, Path{host, guest, readOnly})
	}
	slices.SortFunc(a.Paths, func(x, y Path) int { return cmp.Compare(x.Guest, y.Guest) })
	if f.Timeout > uint64(math.MaxInt64/time.Millisecond) {
		return a, errors.New("timeout_ms is too large")
	}
	a.Timeout = time.Duration(f.Timeout) * time.Millisecond
	if f.Memory.MaxResponse != nil {
		a.MaxResponse = max(*f.Memory.MaxResponse, -1)
	}
	if f.Memory.MaxVariables != nil {
		a.MaxVariables = max(*f.Memory.MaxVariables, -1)
	}
	return a, nil
}
