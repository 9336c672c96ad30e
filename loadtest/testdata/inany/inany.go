// Package values sees what is in values of type any.
package values

import (
	"fmt"
	"reflect"
)

// Point is plain data.
type Point struct{ X, Y int }

// Level is a number with a name.
type Level int

// Names is a map with a method.
type Names map[string]int

// Size is a method.
func (n Names) Size() int { return len(n) }

// Offer gives pointers to a function that may put them into the fields of what a value points to.
// It tells of these, and changes what it gave.
func Offer(v any, f func(*Point, *int, *Level)) (seen []string) {
	p, n, l := &Point{1, 2}, new(int), new(Level)
	f(p, n, l)
	for _, field := range reflect.ValueOf(v).Elem().Fields() {
		held := field.Interface()
		seen = append(seen, fmt.Sprintf("%T %v", held, held == any(p) || held == any(n) || held == any(l)))
	}
	p.X, *n, *l = 7, 8, 9
	return seen
}

// OfferVariable is Offer for a variable.
func OfferVariable(v *any, f func(*Point)) string {
	p := &Point{1, 2}
	f(p)
	text := fmt.Sprintf("%T %v", *v, *v == any(p))
	p.X = 7
	return text
}

// Hand gives a pointer to a function that may put it into variables and lists, and tells where it
// is.
func Hand(to **Point, list *[]*Point, numbers *[]int, f func(*Point, []int)) (same []bool) {
	p, n := &Point{1, 2}, []int{1, 2, 3}
	f(p, n)
	same = append(same, *to == p)
	for _, q := range *list {
		same = append(same, q == p)
	}
	p.X, n[1] = 7, 8
	return append(same, len(*numbers) > 0 && (*numbers)[0] == 8)
}

// Ask asks a function about a pointer, and tells of what it answered.
func Ask(f func(*Point) any) string {
	p := &Point{1, 2}
	v := f(p)
	return fmt.Sprintf("%T %v", v, v == any(p))
}

// Which tells which of some values a pointer is.
func Which(p *Point, values ...any) (same []bool) {
	for _, v := range values {
		same = append(same, v == any(p))
	}
	p.X++
	return same
}

// WhichNumber is Which for numbers.
func WhichNumber(n *int, l *Level, values ...any) (same []string) {
	for _, v := range values {
		same = append(same, fmt.Sprintf("%T %v", v, v == any(n) || v == any(l)))
	}
	return same
}

// Within changes what a list and a map have, and tells what a value then has.
func Within(list []int, names Names, v any, w any) string {
	list[0]++
	names["within"] = 1
	return fmt.Sprintf("%T %v %T %v", v, v, w, w)
}

var stored any

// Store keeps a value that may be a pointer, too.
func Store(p *Point, v any) bool {
	stored = v
	return v == any(p)
}

// StoreFrom keeps what a function answers.
func StoreFrom(f func(*Point) any) {
	stored = f(&Point{1, 2})
}

// Stored returns it.
func Stored() any { return stored }

// Move changes what was stored.
func Move() { stored.(*Point).X += 10 }

// At tells where it is.
func At() int { return stored.(*Point).X }
