// Command user instantiates generic functions of a stub.
package main

import (
	"fmt"
	"time"

	"example.com/app/stubs/example.com/app/shapes"
)

type person struct{ Name string }

func (p person) String() string { return p.Name }

func all[T any](list []T) []string {
	return shapes.Map(list, func(v T, _ int) string { return fmt.Sprint(v) })
}

func main() {
	fmt.Println(shapes.Keys(map[string]person{"a": {}}))
	fmt.Println(shapes.Map([]time.Duration{1}, func(d time.Duration, _ int) shapes.Kind { return shapes.Kind(d) }))
	fmt.Println(shapes.Strings(person{"b"}, nil))
	_ = all[int]
}
