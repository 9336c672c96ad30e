package goproxy

import (
	"slices"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

func FuzzList(f *testing.F) {
	f.Add("v1.0.0\nv1.1.0-rc1\nv0.0.0-20240101000000-abcdefabcdef 2024-01-01T00:00:00Z\n")
	f.Add("v1\n../../etc\n<html>\nv9.9.9+incompatible\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		versions, pseudo := parseList("example.com/a", data)
		for _, v := range slices.Concat(versions, pseudo) {
			if err := module.Check("example.com/a", v); err != nil {
				t.Errorf("%q: %v", v, err)
			}
		}
		if !slices.IsSortedFunc(versions, semver.Compare) {
			t.Errorf("not sorted: %v", versions)
		}
	})
}

// FuzzInfo covers the answers to .info and @latest.
func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"Version":"../../etc/evil"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := parseInfo("example.com/a", data)
		if err == nil && module.Check("example.com/a", i.Version) != nil {
			t.Errorf("%q is accepted", i.Version)
		}
	})
}

func FuzzModFile(f *testing.F) {
	f.Add([]byte("module example.com/a\n\ngo 1.20\n\nrequire example.com/b v1.0.0\n"))
	f.Add([]byte("module example.com/a\nretract [v1.0.0, v1.1.0] // bad\nreplace x => ../..\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseModFile("example.com/a", data)
		if err != nil {
			return
		}
		m.pruned()
		for _, r := range m.require {
			if module.CanonicalVersion(r.Version) != r.Version {
				t.Errorf("the version %q is accepted", r.Version)
			}
		}
	})
}

func FuzzProxies(f *testing.F) {
	f.Add("https://user:secret@example.com/path|file:///tmp,direct")
	f.Fuzz(func(t *testing.T, list string) {
		proxies, err := parseProxies(list)
		if err == nil && len(proxies) == 0 {
			t.Error("an empty list is accepted")
		}
		for _, p := range proxies {
			if p.url != nil && p.url.User != nil {
				t.Errorf("the URL %s holds credentials", p)
			}
		}
	})
}
