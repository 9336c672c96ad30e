// Package sbom writes the bill of materials of a bundle: which modules, of which versions and with
// which sums, the files in it were compiled of, as scanners read it (CycloneDX, in JSON). Hosts do
// not need it: a bundle carries the document, and shows it without this package.
//
//	p, err := l.Prepare(ctx, "github.com/gosimple/slug")
//	document, err := sbom.Of(s, []*load.Prepared{p})
package sbom

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/licensecheck"
	"github.com/package-url/packageurl-go"
	"golang.org/x/mod/module"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/store"
)

// version is that of the specification: scanners of today know it.
const version = cyclonedx.SpecVersion1_6

// Of returns the bill of materials of what was prepared. The store is where the licences of modules
// are read; one that is not there, or that is none of the known, is left out. The same modules make
// the same bytes, in whatever order they come.
func Of(s *store.Store, modules []*load.Prepared) ([]byte, error) {
	b := bill{store: s, components: map[string]cyclonedx.Component{}, needs: map[string]map[string]bool{}}
	for _, p := range modules {
		b.add(p)
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Component: &cyclonedx.Component{BOMRef: whole, Type: cyclonedx.ComponentTypeApplication, Name: "bundle of load"}}
	components := []cyclonedx.Component{}
	var dependencies []cyclonedx.Dependency
	for _, ref := range slices.Sorted(maps.Keys(b.components)) {
		components = append(components, b.components[ref])
	}
	for _, ref := range slices.Sorted(maps.Keys(b.needs)) {
		needs := slices.Sorted(maps.Keys(b.needs[ref]))
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: ref, Dependencies: &needs})
	}
	bom.Components, bom.Dependencies = &components, &dependencies
	unnumbered, err := encode(bom)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(unnumbered)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562: of its contents, and of no time
	bom.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	return encode(bom)
}

// whole refers to the bundle.
const whole = "bundle"

func encode(bom *cyclonedx.BOM) ([]byte, error) {
	var b bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, version)
	return b.Bytes(), err
}

// bill collects components and what they are built from, by the references of the document.
type bill struct {
	store      *store.Store
	components map[string]cyclonedx.Component
	needs      map[string]map[string]bool
}

// add adds a prepared module with all that it is built from.
func (b *bill) add(p *load.Prepared) {
	s := p.Spec
	own := s.Name
	if p.Name.Form == find.FormDir {
		own = path.Clean(filepath.ToSlash(p.Name.Target)) // not where it lies on this machine
	}
	parts := map[string]bool{}
	root := ""
	for _, m := range s.BuildList {
		ref := b.module(m)
		if m.Path == s.Module && m.Version == s.Version || m.Path == s.Name {
			root = ref
		} else {
			parts[ref] = true
		}
	}
	if p.Release != "" {
		std := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: strings.TrimPrefix(p.Release, "go")}
		std.PackageURL = purl(std.Name, std.Version)
		std.Licenses = licensed("BSD-3-Clause")
		parts[b.put(std)] = true
	}
	switch {
	case root != "":
	case s.Module == "" && s.Source.Go != nil && s.Version != "" && !find.IsURL(s.Name): // of the standard library
		for ref := range parts {
			b.need(whole, ref)
		}
		return
	default:
		kind := cyclonedx.ComponentTypeFile
		if s.Source.Go != nil {
			kind = cyclonedx.ComponentTypeLibrary
		}
		root = b.put(cyclonedx.Component{Type: kind, Name: own, Version: s.Version, Properties: &[]cyclonedx.Property{{Name: "load:hash", Value: s.Source.Hash}}})
	}
	b.need(whole, root)
	for ref := range parts {
		b.need(root, ref)
	}
}

// module adds a module of a build list.
func (b *bill) module(m find.ModuleVersion) (ref string) {
	c := cyclonedx.Component{
		Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, Properties: &[]cyclonedx.Property{{Name: "load:sum", Value: m.Sum}},
	}
	if !find.IsURL(m.Path) {
		c.PackageURL = purl(m.Path, m.Version)
		c.Licenses = b.licences(m)
	}
	// Of Go modules the sum is the SHA-256 of a list of their files, as other bills of theirs have it.
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == sha256.Size {
		c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	return b.put(c)
}

func (b *bill) put(c cyclonedx.Component) (ref string) {
	c.BOMRef = cmp.Or(c.PackageURL, strings.TrimSuffix(c.Name+"@"+c.Version, "@"))
	b.components[c.BOMRef] = c
	return c.BOMRef
}

func (b *bill) need(ref, on string) {
	if b.needs[ref] == nil {
		b.needs[ref] = map[string]bool{}
	}
	b.needs[ref][on] = true
}

// purl is the package URL of a Go module, whose path keeps its case: it is another module in another
// one.
func purl(modPath, version string) string {
	namespace, name := path.Split(modPath)
	return packageurl.NewPackageURL(packageurl.TypeGolang, strings.TrimSuffix(namespace, "/"), name, version, nil, "").ToString()
}

// licenceFile matches the names of files that hold a licence.
var licenceFile = regexp.MustCompile(`(?i)^(li[cs]en[cs]e|copying|unlicense)([-._].*)?$`)

// usual knows the licences that Go modules usually have: to know all that licensecheck has takes more
// than a second to begin with.
var usual = sync.OnceValue(func() *licensecheck.Scanner {
	ids := []string{
		"0BSD", "AGPL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear", "BSL-1.0", "BlueOak-1.0.0", "CC-BY-4.0", "CC0-1.0",
		"EPL-1.0", "EPL-2.0", "EUPL-1.2", "GPL-2.0", "GPL-3.0", "ISC", "LGPL-2.1", "LGPL-3.0", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "Unlicense", "WTFPL", "Zlib",
	}
	known := slices.DeleteFunc(licensecheck.BuiltinLicenses(), func(l licensecheck.License) bool { return !slices.Contains(ids, l.ID) })
	scanner, err := licensecheck.NewScanner(known)
	if err != nil {
		panic(err) // they are licensecheck's own
	}
	return scanner
})

// most of a file have to be the words of known licences.
const most = 75

// licences reads the licences of a module that the store has, or returns nil.
func (b *bill) licences(m find.ModuleVersion) *cyclonedx.Licenses {
	escaped, err := module.EscapePath(m.Path)
	if err != nil || b.store == nil {
		return nil
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return nil
	}
	root, err := os.OpenRoot(filepath.Join(b.store.ModDir(), filepath.FromSlash(escaped+"@"+version)))
	if err != nil {
		return nil
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil
	}
	found := map[string]bool{}
	for _, name := range names {
		if !licenceFile.MatchString(name) {
			continue
		}
		text, err := regular.ReadIn(root, name, 1<<20)
		if err != nil {
			continue
		}
		covered := usual().Scan(text)
		for _, match := range covered.Match {
			if covered.Percent >= most && !match.IsURL {
				found[match.ID] = true
			}
		}
	}
	return licensed(slices.Sorted(maps.Keys(found))...)
}

func licensed(ids ...string) *cyclonedx.Licenses {
	if len(ids) == 0 {
		return nil
	}
	var all cyclonedx.Licenses
	for _, id := range ids {
		all = append(all, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: id}})
	}
	return &all
}
