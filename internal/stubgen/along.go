package stubgen

import (
	"fmt"
	"go/token"
	"strings"
)

// Along is how the packages after the first are asked for, as [load.Along] takes them: each under
// a name of its own.
func Along(names []string) (list []string) {
	used := map[string]bool{}
	for _, name := range names[1:] {
		path, _, _ := strings.Cut(name, "@")
		parts := strings.Split(path, "/")
		last := parts[len(parts)-1]
		if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
			last = parts[len(parts)-2]
		}
		alias := strings.Map(func(r rune) rune {
			if r == '_' || r < 128 && ('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
				return r
			}
			return '_'
		}, last)
		if alias[0] >= '0' && alias[0] <= '9' || token.IsKeyword(alias) {
			alias = "p" + alias
		}
		unique := alias
		for n := 2; used[unique]; n++ {
			unique = fmt.Sprintf("%s%d", alias, n)
		}
		used[unique] = true
		list = append(list, unique+"="+name)
	}
	return list
}
