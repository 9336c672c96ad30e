package values

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// What a module changes by goroutines of its own, of what it holds.

// Board is what such goroutines write.
type Board struct {
	Name  string
	Leaf  *Leaf
	Lists []Row
	Marks map[string]int
}

type Leaf struct {
	N    int64
	Text string
}

type Row struct {
	Items []Item2
	Next  *Row
}

type Item2 struct {
	Name string
	P    *Leaf
}

var (
	board   *Board
	boardMu sync.Mutex
	stop    atomic.Bool
	ended   sync.WaitGroup
)

func KeepBoard(b *Board) { board = b }

// RunBoard lets goroutines write until StopBoard.
func RunBoard(marks, texts, counts bool) {
	stop.Store(false)
	run := func(f func(i int)) {
		ended.Add(1)
		go func() {
			defer ended.Done()
			for i := 0; !stop.Load(); i++ {
				boardMu.Lock()
				f(i)
				boardMu.Unlock()
				runtime.Gosched()
			}
		}()
	}
	if marks {
		run(func(i int) {
			board.Marks[string(rune('a'+i%26))+strings.Repeat("k", i%50)] = i
			delete(board.Marks, string(rune('a'+(i+7)%26)))
		})
	}
	if texts {
		long := strings.Repeat("l", 1000)
		run(func(i int) {
			if i%2 == 0 {
				board.Leaf.Text = "s"
			} else {
				board.Leaf.Text = long
			}
		})
	}
	if counts {
		total = 0
		run(func(i int) { board.Leaf.N++; total++ })
	}
}

func StopBoard() {
	stop.Store(true)
	ended.Wait()
}

func BoardN() int64 {
	boardMu.Lock()
	defer boardMu.Unlock()
	return board.Leaf.N
}

var total int64

func BoardTotal() int64 { return total }
func BoardName() string { return board.Name }
func Nothing()          {}

// Rows
var rowA, rowB *Row

func KeepRows(a, b *Row) { rowA, rowB = a, b }
func GrowRows() {
	rowA.Items = append(rowA.Items, Item2{Name: "new"})
	rowB.Items[0].Name = "changed"
}

// RoomRows lets the host have a part of an array.
func RoomRows() { rowA.Items = make([]Item2, 1, 8) }

func GrowRows2(whole []Item2) {
	rowA.Items = whole[:2]
	rowB.Items[0].Name = "changed2"
}

func ShrinkGrow() {
	rowA.Items = rowA.Items[:cap(rowA.Items)]
	rowB.Items[0].Name = "changed3"
}

// Odd writes itself with help of the host.
type Odd struct{ n int }

var (
	oddHook   func() string
	odd       *Odd
	oddPanics bool
)

func OddHook(f func() string) { oddHook = f }
func KeepOdd(o *Odd)          { odd = o }
func OddPanics(p bool)        { oddPanics = p }
func OddBump()                { odd.n++ }
func (o *Odd) MarshalText() ([]byte, error) {
	if oddPanics {
		panic("odd")
	}
	if oddHook != nil {
		return []byte(strings.Repeat("x", o.n) + oddHook()), nil
	}
	return []byte(strings.Repeat("x", o.n)), nil
}
func (o *Odd) UnmarshalText(b []byte) error { o.n = len(b); return nil }

// globals
var (
	globalLeaf  = Leaf{N: 3, Text: "global"}
	rows        = []Leaf{{N: 1}, {N: 2}}
	globalBoard = Board{Name: "gb", Leaf: &globalLeaf, Lists: []Row{{}}, Marks: map[string]int{"a": 1}}
	emptyP      = &struct{}{}
)

func GlobalLeaf() *Leaf    { return &globalLeaf }
func SecondLeaf() *Leaf    { return &rows[1] }
func GlobalBoard() *Board  { return &globalBoard }
func EmptyKept() *struct{} { return emptyP }
func BumpGlobals()         { globalLeaf.N++; rows[1].N++; globalBoard.Name += "!"; globalBoard.Marks["a"]++ }
