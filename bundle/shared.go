package bundle

// share lets modules have one copy of each text that they have in common: names and sums of what
// several are built from, most of all.
func share(modules []module) {
	seen := map[string]string{}
	one := func(text *string) {
		if before, ok := seen[*text]; ok {
			*text = before
			return
		}
		seen[*text] = *text
	}
	for i := range modules {
		m := &modules[i]
		one(&m.Asked)
		one(&m.Engine)
		one(&m.Release)
		for _, text := range []*string{&m.Spec.Name, &m.Spec.Module, &m.Spec.Version, &m.Spec.By, &m.Spec.ImportPath} {
			one(text)
		}
		for j := range m.Files {
			one(&m.Files[j].Name)
			one(&m.Files[j].Digest)
		}
		for j := range m.Spec.BuildList {
			part := &m.Spec.BuildList[j]
			one(&part.Path)
			one(&part.Version)
			one(&part.Sum)
		}
		for j := range m.Spec.Imports {
			one(&m.Spec.Imports[j])
		}
		for j := range m.Asks {
			one(&m.Asks[j])
		}
	}
}
