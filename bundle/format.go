package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/loadgo/load/find"
)

// The layout of a bundle, entry by entry: oci-layout, index.json, then for each manifest of the
// index the manifest, its configuration, the lock file and the table, and last all other parts,
// sorted by digest: the files of artifacts, the sources and the bill of materials. What an earlier
// entry holds is not repeated. Every header is the one that [header] makes, so that a bundle has
// one spelling.
const (
	layoutName = "oci-layout"
	layoutText = `{"imageLayoutVersion":"1.0.0"}`
	indexName  = "index.json"
	blobPrefix = "blobs/sha256/"
	shaPrefix  = "sha256:"

	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	emptyType    = "application/vnd.oci.empty.v1+json"
	bundlePrefix = "application/vnd.loadgo.bundle."
	bundleType   = bundlePrefix + "v2"
	lockType     = bundlePrefix + "lock.v1"
	tableType    = bundlePrefix + "table.v2+json"
	fileType     = bundlePrefix + "file.v1"

	// materialsType is that of the bill of materials; scanners know it.
	materialsType = "application/vnd.cyclonedx+json"

	emptyConfig = "{}"

	blockSize = 512
	maxIndex  = 1 << 20  // bytes of index.json
	maxText   = 64 << 20 // bytes of a manifest, a table or a lock file
	maxBlob   = 4 << 30  // bytes of another blob
)

// descriptor names a blob, as the image specification of OCI has it.
type descriptor struct {
	MediaType    string    `json:"mediaType"`
	Digest       string    `json:"digest"`
	Size         int64     `json:"size"`
	Platform     *platform `json:"platform,omitempty"`
	ArtifactType string    `json:"artifactType,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// portable is the platform of what runs on every system.
var portable = platform{OS: "wasip1", Architecture: "wasm"}

func (p platform) String() string { return p.OS + "/" + p.Architecture }

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

// manifest is the content of a bundle for one platform. Its layers are the lock file, the table and
// the other parts.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// table lists what is prepared, sorted by name and key.
type table struct {
	Platform platform `json:"platform"`
	Modules  []module `json:"modules"`
	Sources  []file   `json:"sources,omitempty"` // as a module proxy names them, sorted by name
}

// module is a prepared module.
type module struct {
	Asked   string           `json:"asked"` // the name without its version
	Form    find.Form        `json:"form"`
	Along   []find.Companion `json:"along,omitempty"` // with what was asked for and what was found
	Engine  string           `json:"engine"`
	Release string           `json:"release,omitempty"`
	Key     string           `json:"key"`
	Files   []file           `json:"files"`          // sorted by name
	Asks    []string         `json:"asks,omitempty"` // to be granted
	Spec    spec             `json:"spec"`
}

type file struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// spec is what a [find.Spec] has without its source, and without how it was found, which is
// different the next time.
type spec struct {
	Name       string               `json:"name"`
	Module     string               `json:"module,omitempty"`
	Version    string               `json:"version,omitempty"`
	Time       time.Time            `json:"time,omitzero"`
	Deprecated string               `json:"deprecated,omitempty"`
	Retracted  string               `json:"retracted,omitempty"`
	Kind       find.Kind            `json:"kind"`
	By         string               `json:"by,omitempty"`
	Hash       string               `json:"hash"`
	File       string               `json:"file,omitempty"`
	ImportPath string               `json:"importPath,omitempty"`
	BuildList  []find.ModuleVersion `json:"buildList,omitempty"`
	Published  []time.Time          `json:"published,omitempty"` // when the modules of the build list were
	Imports    []string             `json:"imports,omitempty"`   // what policies decide about
}

// encode is the one spelling of a document.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types above can all be written
	}
	return data
}

// decode reads a document that encode wrote, and nothing else.
func decode(data []byte, v any) bool {
	return json.Unmarshal(data, v) == nil && bytes.Equal(encode(v), data)
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return shaPrefix + hex.EncodeToString(sum[:])
}

// isDigest accepts what digestOf returns: a digest is part of a path.
func isDigest(s string) bool {
	if len(s) != len(shaPrefix)+2*sha256.Size || s[:len(shaPrefix)] != shaPrefix {
		return false
	}
	for i := len(shaPrefix); i < len(s); i++ {
		if !hexDigit[s[i]] {
			return false
		}
	}
	return true
}

var hexDigit = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdef") {
		is[c] = true
	}
	return is
}()

func blobName(digest string) string { return blobPrefix + digest[len(shaPrefix):] }

// header is the header of an entry: that of package tar for its name and size.
func header(name string, size int64) (h [blockSize]byte) {
	const sizeAt, sumAt, digits = 124, 148, "01234567"
	if len(name) > 100 || size >= 1<<33 {
		panic("bundle: names are short, and sizes below 8 GiB")
	}
	empty, sum := emptyHeader()
	h = *empty
	for _, c := range []byte(name) {
		sum += int(c)
	}
	copy(h[:100], name)
	for at := sizeAt + 10; size > 0; at, size = at-1, size>>3 {
		h[at] = digits[size&7]
		sum += int(h[at] - '0')
	}
	for at := sumAt + 5; at >= sumAt; at, sum = at-1, sum>>3 {
		h[at] = digits[sum&7]
	}
	return h
}

// emptyHeader is the header of an entry without a name and contents, and the sum of its bytes with
// spaces for the sum.
var emptyHeader = sync.OnceValues(func() (h *[blockSize]byte, sum int) {
	h = (*[blockSize]byte)(tarHeader("x", 0))
	h[0] = 0
	copy(h[148:156], "        ")
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], "000000\x00 ")
	return h, sum
})

// tarHeader is header by package tar, which takes its time for each.
func tarHeader(name string, size int64) []byte {
	var b bytes.Buffer
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
		panic(err) // names are short, and sizes below 8 GiB
	}
	return b.Bytes()
}

// padded is the room that an entry of a size takes after its header.
func padded(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

// trailer ends a bundle.
const trailer = 2 * blockSize
