package wire

import (
	"reflect"
	"runtime"
	"unsafe"
)

// Same reports whether the memory at two addresses is the same. What pointers in it point to is not
// looked at.
func Same(a, b unsafe.Pointer, size uintptr) bool {
	return equal(unsafe.Slice((*byte)(a), size), unsafe.Slice((*byte)(b), size))
}

// equal reports whether two pieces of memory of the same length are the same. Go compares them byte
// by byte in WebAssembly, where blocks are several times as fast. Others may write what is compared
// (see [Kept.Put]), which the race detector need not know.
func equal(a, b []byte) bool {
	if racing || runtime.GOARCH == "wasm" {
		return equalBlocks(a, b)
	}
	return string(a) == string(b)
}

// equalBlocks is equal by blocks of eight words.
//
//go:norace
func equalBlocks(a, b []byte) bool {
	type block [8]uint64
	i := 0
	for ; i+int(unsafe.Sizeof(block{})) <= len(a); i += int(unsafe.Sizeof(block{})) {
		x, y := (*block)(unsafe.Pointer(&a[i])), (*block)(unsafe.Pointer(&b[i]))
		if x[0] != y[0] || x[1] != y[1] || x[2] != y[2] || x[3] != y[3] || x[4] != y[4] || x[5] != y[5] || x[6] != y[6] || x[7] != y[7] {
			return false
		}
	}
	for ; i < len(a); i++ {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Run returns the bounds of the first run of elements that differ between two arrays of the same
// length, from the given one on; their elements have size bytes. From is count where none follows.
func Run(now, was unsafe.Pointer, count int, size uintptr, first int) (from, to int) {
	each := int(size)
	a, b := unsafe.Slice((*byte)(now), count*each), unsafe.Slice((*byte)(was), count*each)
	from = first
	for _, step := range []int{4096, 64, 1} {
		for from+step <= count && equal(a[from*each:(from+step)*each], b[from*each:(from+step)*each]) {
			from += step
		}
	}
	to = from
	switch each {
	case 1:
		to = differing(a, b, from)
	case 8:
		x, y := unsafe.Slice((*uint64)(now), count), unsafe.Slice((*uint64)(was), count)
		to = differingWords(x, y, from)
	default:
		for to < count && !equal(a[to*each:(to+1)*each], b[to*each:(to+1)*each]) {
			to++
		}
	}
	return from, to
}

// differing returns where the run of differing bytes ends that begins at i.
//
//go:norace
func differing(a, b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(a); i += 8 {
		x := *(*uint64)(unsafe.Pointer(&a[i])) ^ *(*uint64)(unsafe.Pointer(&b[i]))
		if (x-ones)&^x&highs != 0 { // a byte of it is 0
			break
		}
	}
	for i < len(a) && a[i] != b[i] {
		i++
	}
	return i
}

// differingWords is differing for words.
//
//go:norace
func differingWords(a, b []uint64, i int) int {
	for i < len(a) && a[i] != b[i] {
		i++
	}
	return i
}

// CopyMemory copies memory that others may write meanwhile, which the race detector need not know:
// what they wrote is not used then.
//
//go:norace
func CopyMemory(to, from unsafe.Pointer, size uintptr) {
	if !racing {
		copy(unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(from), size))
		return
	}
	a, b := unsafe.Slice((*byte)(to), size), unsafe.Slice((*byte)(from), size)
	i := 0
	for ; i+8 <= len(a); i += 8 {
		*(*uint64)(unsafe.Pointer(&a[i])) = *(*uint64)(unsafe.Pointer(&b[i]))
	}
	for ; i < len(a); i++ {
		a[i] = b[i]
	}
}

// Runs appends the bounds of all runs of elements that differ between two arrays.
func Runs(runs []int, now, was unsafe.Pointer, count int, size uintptr) []int {
	if size == 0 {
		return runs
	}
	for from, to := Run(now, was, count, size, 0); from < count; from, to = Run(now, was, count, size, to) {
		runs = append(runs, from, to)
	}
	return runs
}

// PutRuns appends runs of an array, whose elements content appends.
func (e *Encoder) PutRuns(runs []int, content func(from, to int)) {
	end := 0
	for i := 0; i < len(runs) && e.Fits(); i += 2 {
		e.Uint(uint64(runs[i+1] - runs[i]))
		e.Uint(uint64(runs[i] - end))
		content(runs[i], runs[i+1])
		end = runs[i+1]
	}
	e.Uint(0)
}

// TakeRuns takes runs of an array of the given length, whose elements content takes.
func (d *Decoder) TakeRuns(whole int, content func(from, to int)) {
	end := 0
	for count := d.Uint(); count > 0 && d.err == nil; count = d.Uint() {
		distance := d.Uint()
		if left := uint64(whole - end); distance > left || count > left-distance {
			d.Fail(ErrLength)
			return
		}
		from := end + int(distance)
		end = from + int(count)
		content(from, end)
	}
}

// Kept is a thing by its value, and the content that both sides have.
type Kept struct {
	Value reflect.Value // the pointer, a slice that is the whole array, or the map
	Base  reflect.Value // of the same type; the zero Value where it was not kept
	runs  []int         // the bounds of what has changed in an array
}

// Own is the value of this side.
func (k *Kept) Own() reflect.Value { return k.Value }

// Keep remembers the content as that of both sides.
func (k *Kept) Keep() {
	t := k.Value.Type()
	switch t.Kind() {
	case reflect.Pointer:
		k.Base = reflect.New(t.Elem()).Convert(t)
		k.Base.Elem().Set(k.Value.Elem())
	case reflect.Slice:
		k.Base = reflect.MakeSlice(t, k.Value.Len(), k.Value.Len())
		reflect.Copy(k.Base, k.Value)
	case reflect.Map:
		k.Base = reflect.MakeMapWithSize(t, k.Value.Len())
		for it := k.Value.MapRange(); it.Next(); {
			k.Base.SetMapIndex(it.Key(), it.Value())
		}
	}
}

// Dirty reports whether the content of a pointer or a map is another one than both sides had.
func (k *Kept) Dirty() bool {
	switch {
	case k.Value.Kind() == reflect.Pointer:
		return !Same(k.Value.UnsafePointer(), k.Base.UnsafePointer(), k.Value.Type().Elem().Size())
	case k.Value.Kind() == reflect.Slice:
		return false
	case k.Value.Len() != k.Base.Len():
		return true
	}
	elem := k.Value.Type().Elem()
	a, b := reflect.New(elem).Elem(), reflect.New(elem).Elem()
	odd := false
	for it := k.Value.MapRange(); it.Next(); {
		before := k.Base.MapIndex(it.Key())
		if !before.IsValid() && !k.Value.MapIndex(it.Key()).IsValid() {
			odd = true
			continue
		}
		if !before.IsValid() {
			return true
		}
		a.SetIterValue(it)
		b.Set(before)
		if !Same(a.Addr().UnsafePointer(), b.Addr().UnsafePointer(), elem.Size()) {
			return true
		}
	}
	return odd && !oddOf(k.Value).Same(oddOf(k.Base))
}

// Tears reports whether who reads the content while it is written may read half of a pointer.
func (k *Kept) Tears() bool {
	return k.Value.IsValid() && (k.Value.Kind() == reflect.Map || hasPointers(k.Value.Type().Elem()))
}

// Changed reports whether the content has changed, and keeps it then, for Put. Where others run
// beside, they may be changing the value: a map waits until none does, and what holds no pointers
// is read whatever they do to it.
func (k *Kept) Changed(beside bool) (bool, error) {
	elem := k.Value.Type().Elem()
	now, was := k.Value.UnsafePointer(), k.Base.UnsafePointer()
	switch k.Value.Kind() {
	case reflect.Map:
		if beside || !k.Dirty() {
			return false, nil
		}
		k.Keep()
	case reflect.Pointer:
		if !k.Dirty() {
			return false, nil
		}
		return true, renew(beside, elem, now, was, 1)
	case reflect.Slice:
		k.runs = Runs(k.runs[:0], now, was, k.Value.Len(), elem.Size())
		for i := 0; i < len(k.runs); i += 2 {
			at := uintptr(k.runs[i]) * elem.Size()
			if err := renew(beside, elem, unsafe.Add(now, at), unsafe.Add(was, at), k.runs[i+1]-k.runs[i]); err != nil {
				return true, err
			}
		}
		return len(k.runs) > 0, nil
	}
	return true, nil
}

// Put appends what has changed, by content.
func (k *Kept) Put(e *Encoder, content func(v reflect.Value)) {
	if k.Value.Kind() != reflect.Slice {
		content(k.Base)
		return
	}
	e.PutRuns(k.runs, func(from, to int) { content(k.Base.Slice(from, to)) })
}

// renew copies a changed part to the base.
func renew(beside bool, elem reflect.Type, now, was unsafe.Pointer, count int) error {
	switch {
	case !hasPointers(elem):
		CopyMemory(was, now, uintptr(count)*elem.Size())
	case beside:
		return ErrBeside
	default:
		reflect.Copy(reflect.SliceAt(elem, was, count), reflect.SliceAt(elem, now, count))
	}
	return nil
}

// hasPointers reports whether values of a type hold pointers.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return t.Kind() > reflect.Complex128
}
