package internal

import (
	"crypto/sha256"
	"embed"
	"io/fs"
	"reflect"
	"slices"
)

// Listed returns a list of the files of an [embed.FS], in which each has its name and a
// cryptographic sum: different files have different lists. The compiler has noted sums beside the
// files; where package embed keeps them otherwise, they are made of the files, which takes as long
// as reading them.
func Listed(files embed.FS) []byte {
	if list := noted(files); list != nil {
		return list
	}
	return made(files)
}

// noted is the list with the sums that the compiler has noted, or nil where there are none. How it
// makes them is its own affair.
func noted(files embed.FS) []byte {
	entries := reflect.ValueOf(files).FieldByName("files")
	if entries.Kind() != reflect.Pointer || entries.IsNil() || entries.Type().Elem().Kind() != reflect.Slice {
		return nil
	}
	entry := entries.Type().Elem().Elem()
	if entry.Kind() != reflect.Struct {
		return nil
	}
	name, nameThere := entry.FieldByName("name")
	sum, sumThere := entry.FieldByName("hash")
	if !nameThere || !sumThere || name.Type.Kind() != reflect.String || sum.Type != reflect.TypeFor[[16]byte]() {
		return nil
	}
	entries = entries.Elem()
	var list []byte
	for i := range entries.Len() {
		file := entries.Index(i)
		sum := file.Field(sum.Index[0]).Bytes()
		if slices.Max(sum) > 0 { // which a directory has none of
			list = add(list, file.Field(name.Index[0]).String(), sum)
		}
	}
	return list
}

// made is the list with sums made of the files.
func made(files embed.FS) (list []byte) {
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(name) // which is part of the program
		sum := sha256.Sum256(data)
		list = add(list, name, sum[:])
		return err
	})
	return list
}

func add(list []byte, name string, sum []byte) []byte {
	return append(append(append(list, name...), 0), sum...)
}
