package policy_test

import (
	"fmt"
	"log"

	"github.com/loadgo/load/policy"
)

func ExampleParse() {
	p, err := policy.Parse("load.policy", []byte(`load.policy 1
allow example.com
deny  example.com/attic
grant example.com/fetch network
`))
	if err != nil {
		log.Fatal(err)
	}
	for _, pkg := range []string{"example.com/fetch", "example.com/attic", "other.org/x"} {
		d := p.Asked(policy.Subject{Package: pkg})
		fmt.Println(pkg, d.Allowed, d.Rule)
	}
	grants, rules := policy.Granted([]*policy.Policy{p}, "example.com/fetch")
	fmt.Println(grants.Capabilities(), rules)
	// Output:
	// example.com/fetch true load.policy:2: allow example.com
	// example.com/attic false load.policy:3: deny example.com/attic
	// other.org/x false load.policy:2: allow example.com
	// [network] [load.policy:4: grant example.com/fetch network]
}
