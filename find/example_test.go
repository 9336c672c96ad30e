package find_test

import (
	"fmt"

	"github.com/loadgo/load/find"
)

func ExampleParseName() {
	for _, text := range []string{"yaml=gopkg.in/yaml.v3@v3.0.1", "./rules", "company:auth", "-rf"} {
		name, err := find.ParseName(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s %q alias=%q query=%q\n", name.Form, name.Target, name.Alias, name.Query)
	}
	// Output:
	// path "gopkg.in/yaml.v3" alias="yaml" query="v3.0.1"
	// directory "./rules" alias="" query=""
	// registry "company:auth" alias="" query=""
	// invalid module name: it starts with "-"
}
