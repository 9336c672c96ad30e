package lockfile_test

import (
	"fmt"
	"log"

	"github.com/loadgo/load/lockfile"
)

func ExampleParse() {
	f, err := lockfile.Parse("load.lock", []byte(`load.lock 1
example.com/hello at v1.1.0 goproxy example.com/hello 2024-01-02T03:04:05Z
example.com/hello may network
example.com/hello needs example.com/hello v1.1.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
`))
	if err != nil {
		log.Fatal(err)
	}
	entry, held := f.Entry("example.com/hello")
	fmt.Println(held, entry.Version, entry.Origin, entry.Grants, len(entry.Needs))
	entry.Grants = nil // the policy takes the network back
	if err := f.Set(entry); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", f.Format())
	// Output:
	// true v1.1.0 goproxy [network] 1
	// load.lock 1
	// example.com/hello at v1.1.0 goproxy example.com/hello 2024-01-02T03:04:05Z
	// example.com/hello needs example.com/hello v1.1.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
}
