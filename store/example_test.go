package store_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/loadgo/load/store"
)

// What is made under a key is made once, and verified when it is read.
func ExampleStore_Artifact() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		a, made, err := s.Artifact(context.Background(), store.Key("rules", "v1"), func(_ context.Context, dir string) error {
			return os.WriteFile(filepath.Join(dir, "program"), []byte("compiled"), 0o600)
		})
		if err != nil {
			log.Fatal(err)
		}
		data, err := a.ReadFile("program")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(made, string(data))
	}
	// Output:
	// true compiled
	// false compiled
}
