package values

import "math"

// CountOdd counts the entries of a map, and those that are not found.
func CountOdd(m map[float64]int) (all, odd int) {
	for k := range m {
		if _, ok := m[k]; !ok {
			odd++
		}
	}
	return len(m), odd
}

// AddOdd adds an entry with a NaN.
func AddOdd(m map[float64]int, n int) { m[math.NaN()] = n }

// AddOddIn does so with a map in an any.
func AddOddIn(m any, n int) { m.(map[float64]int)[math.NaN()] = n }
