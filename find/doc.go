// Package find is the contract of finders: a [Finder] looks for a [Name] in one place and answers
// with a [Spec], which says which module it is, in which version, and where its source lies. A
// [Path] is the ordered list of them. Finders run nothing and write nothing.
//
// Its folders hold the finders: dir (directories), std (the standard library), installed (the
// store) and builtin (values of the program).
//
//	type table map[string]*find.Spec
//
//	func (t table) Find(_ context.Context, name find.Name) (*find.Spec, error) {
//		if spec, ok := t[name.Target]; ok {
//			return spec, nil
//		}
//		return nil, find.ErrNotFound // the next finder of the path is asked
//	}
package find
