package eval_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/loadgo/load"
	"github.com/loadgo/load/eval"
	"github.com/loadgo/load/standard"
)

func Example() {
	ctx := context.Background()
	l, err := standard.New(load.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	m, err := l.Load(ctx, "strings")
	if err != nil {
		log.Fatal(err)
	}
	// As it may stand in a configuration file.
	rule, err := eval.Parse(`HasPrefix(path, "/admin/") && Count(path, "/") < limit`)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{"/admin/users", "/admin/a/b/c", "/about"} {
		results, err := rule.Eval(ctx, eval.Scope{Module: m, Vars: map[string]any{"path": path, "limit": 4}})
		fmt.Println(path, results, err)
	}
	_, err = eval.Expr(ctx, m, `HasPrfix("/a", "/")`)
	var wrong *load.ExpressionError
	fmt.Println(errors.As(err, &wrong), wrong.Column, wrong.Message)
	// Output:
	// /admin/users [true] <nil>
	// /admin/a/b/c [false] <nil>
	// /about [false] <nil>
	// true 1 undefined: HasPrfix (did you mean HasPrefix?)
}
