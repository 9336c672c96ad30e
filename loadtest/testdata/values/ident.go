package values

import (
	"container/list"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"sync"
)

// Values of the host in values of any type.

var stored sync.Map

func StoreAny(key, value any) { stored.Store(key, value) }
func LoadAny(key any) any     { v, _ := stored.Load(key); return v }
func DeleteAny(key any)       { stored.Delete(key) }
func EqualAny(a, b any) bool  { return a == b }
func CountAny(all ...any) int {
	set := map[any]bool{}
	for _, v := range all {
		set[v] = true
	}
	return len(set)
}
func FirstAny(all []any) any                    { return all[0] }
func Describe2(v any) string                    { return fmt.Sprintf("%v", v) }
func Flight(f func() (any, error)) (any, error) { return f() }
func EachAny(all []any, f func(any) bool) {
	for _, v := range all {
		if !f(v) {
			return
		}
	}
}

// SetAnyField sets a field of what a pointer points to.
func SetAnyField(v any, name string, to int) {
	reflect.ValueOf(v).Elem().FieldByName(name).SetInt(int64(to))
}

// Shelf is a list.
type Shelf struct{ items list.List }

func NewShelf() *Shelf      { return new(Shelf) }
func (s *Shelf) Push(v any) { s.items.PushBack(v) }
func (s *Shelf) Pop() any   { return s.items.Remove(s.items.Front()) }
func (s *Shelf) Len() int   { return s.items.Len() }
func (s *Shelf) Has(v any) bool {
	for e := s.items.Front(); e != nil; e = e.Next() {
		if e.Value == v {
			return true
		}
	}
	return false
}

// Values of the host as interfaces.

type Lesser interface{ Less(than Lesser) bool }

func MinOf(a, b Lesser) Lesser {
	if b.Less(a) {
		return b
	}
	return a
}

type number int

func (n number) Less(than Lesser) bool { return n < than.(number) }
func NewNumber(n int) Lesser           { return number(n) }

func SameLesser(a, b Lesser) bool { return a == b }
func CountLessers(all ...Lesser) int {
	set := map[Lesser]int{}
	for _, v := range all {
		set[v]++
	}
	return len(set)
}

// Ordered is a sorted list.
type Ordered struct{ items []Lesser }

func NewOrdered() *Ordered { return new(Ordered) }
func (o *Ordered) Insert(v Lesser) {
	i := sort.Search(len(o.items), func(i int) bool { return v.Less(o.items[i]) })
	o.items = append(o.items[:i:i], append([]Lesser{v}, o.items[i:]...)...)
}
func (o *Ordered) Min() Lesser { return o.items[0] }
func (o *Ordered) Max() Lesser { return o.items[len(o.items)-1] }
func (o *Ordered) Ascend(f func(Lesser) bool) {
	for _, v := range o.items {
		if !f(v) {
			return
		}
	}
}
func (o *Ordered) All() []Lesser { return o.items }

var lastLesser Lesser

// KeepLesser returns what it was given before.
func KeepLesser(v Lesser) Lesser { last := lastLesser; lastLesser = v; return last }

func SameError(a, b error) bool { return a == b }
func WrapsError(err error) bool { return errors.Is(fmt.Errorf("wrapped: %w", err), err) }
