package main

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/loadgo/load"
)

const aboutInstantiations = `
NAME#SYMBOL[TYPES] is also compiled with that instantiation, as in 'github.com/samber/lo#Uniq[int]', so that a
program that asks for it needs no compiler.`

// wanted is a module to prepare.
type wanted struct {
	name     string
	instance string // "" for the module alone, which one with an instantiation is made beside
}

// wantedOf takes the arguments of a command apart; each name comes once, before its instantiations.
func wantedOf(args []string) []wanted {
	var list []wanted
	add := func(w wanted) {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	for _, arg := range args {
		name, instance, ok := strings.Cut(arg, "#")
		if !ok || !strings.HasSuffix(instance, "]") {
			add(wanted{name: arg})
			continue
		}
		add(wanted{name: name})
		add(wanted{name, instance})
	}
	return list
}

// option is how a loader is asked for it.
func (w wanted) option() load.LoadOption {
	if w.instance == "" {
		return load.Instantiate()
	}
	return load.Instantiate(w.instance)
}

// prepareAll prepares all that is wanted, side by side, but for what failed already.
func prepareAll[T any](list []wanted, results []T, errs []error, prepare func(wanted) (T, error)) error {
	var wg sync.WaitGroup
	for i, w := range list {
		if errs[i] == nil {
			wg.Go(func() { results[i], errs[i] = prepare(w) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}
