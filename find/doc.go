// Package find is the contract of finders: a [Finder] looks for a [Name] in one place and answers
// with a [Spec], which says which module it is, in which version, and where its source lies. A
// [Path] is the ordered list of them. Finders run nothing and write nothing.
//
// Its folders hold the finders: dir (directories), std (the standard library), installed (the
// store) and builtin (values of the program).
package find
