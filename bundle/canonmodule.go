package bundle

import "github.com/loadgo/load/find"

// head reads a module as far as its key.
func (r *reader) head() (m module) {
	r.want(`{"asked":`)
	m.Asked = r.text()
	r.want(`,"form":`)
	m.Form = find.Form(r.text())
	if r.has(`,"along":[`) {
		m.Along = list(r, r.few("{"), r.companion)
	}
	r.want(`,"engine":`)
	m.Engine = r.text()
	m.Release = r.optional(`,"release":`)
	r.want(`,"key":`)
	m.Key = r.text()
	return m
}

func (r *reader) module() (m module) {
	m = r.head()
	r.want(`,"files":[`)
	m.Files = list(r, r.few("{"), r.file)
	if r.has(`,"asks":[`) {
		m.Asks = list(r, r.few(`"`)/2, r.text)
	}
	r.want(`,"spec":`)
	m.Spec = r.spec()
	r.want("}")
	return m
}

func (r *reader) companion() (c find.Companion) {
	if r.want("{"); r.has(`"alias":`) {
		c.Alias = r.text()
		r.odd = r.odd || c.Alias == ""
		r.want(",")
	}
	r.want(`"path":`)
	c.Path = r.text()
	c.Query = r.optional(`,"query":`)
	c.Version = r.optional(`,"version":`)
	r.want("}")
	return c
}

func (r *reader) spec() (s spec) {
	r.want(`{"name":`)
	s.Name = r.text()
	s.Module = r.optional(`,"module":`)
	s.Version = r.optional(`,"version":`)
	if r.has(`,"time":`) {
		s.Time = r.time()
		r.odd = r.odd || s.Time.IsZero()
	}
	s.Deprecated = r.optional(`,"deprecated":`)
	s.Retracted = r.optional(`,"retracted":`)
	r.want(`,"kind":`)
	s.Kind = find.Kind(r.text())
	s.By = r.optional(`,"by":`)
	r.want(`,"hash":`)
	s.Hash = r.text()
	s.File = r.optional(`,"file":`)
	s.ImportPath = r.optional(`,"importPath":`)
	if r.has(`,"buildList":[`) {
		s.BuildList = list(r, r.few("{"), r.part)
	}
	if r.has(`,"published":[`) {
		s.Published = list(r, r.few(`"`)/2, r.time)
	}
	if r.has(`,"imports":[`) {
		s.Imports = list(r, r.few(`"`)/2, r.text)
	}
	r.want("}")
	return s
}

func (r *reader) part() (m find.ModuleVersion) {
	r.want(`{"path":`)
	m.Path = r.text()
	r.want(`,"version":`)
	m.Version = r.text()
	r.want(`,"sum":`)
	m.Sum = r.text()
	r.want("}")
	return m
}
