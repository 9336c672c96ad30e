package values

import "io"

// CountEach adds 1 to each *int, 1 to the key "n" of each map[string]int, "x" to each *string and 1
// to the first element of each []int, and calls a function of the host before and after each.
func CountEach(look func(), values ...any) {
	look()
	for _, v := range values {
		switch v := v.(type) {
		case *int:
			*v++
		case *string:
			*v += "x"
		case map[string]int:
			v["n"]++
		case []int:
			v[0]++
		}
		look()
		look()
	}
}

// CountInts is CountEach for two variables whose types are known.
func CountInts(look func(), a, b *int) {
	for _, p := range []*int{a, b} {
		*p++
		look()
		look()
	}
}

// ScanEach reads and takes back a rune before and after it adds 1 to each *int, and returns what
// fails.
func ScanEach(r io.Reader, values ...any) (failed []string) {
	scanner := r.(io.RuneScanner)
	look := func() {
		if _, _, err := scanner.ReadRune(); err != nil {
			failed = append(failed, err.Error())
		}
		if err := scanner.UnreadRune(); err != nil {
			failed = append(failed, err.Error())
		}
	}
	look()
	for _, v := range values {
		*v.(*int)++
		look()
		look()
	}
	return failed
}
