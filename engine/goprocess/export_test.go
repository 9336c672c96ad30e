package goprocess

import "github.com/loadgo/load/engine"

// Used is how much memory a module used when it was last looked at.
func Used(i engine.Instance) int64 { return i.(*instance).process.child.Used() }
