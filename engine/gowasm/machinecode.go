package gowasm

import (
	"context"

	"github.com/tetratelabs/wazero"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/store"
)

// codeConfig is what the machine code depends on.
func codeConfig() wazero.RuntimeConfig { return wazero.NewRuntimeConfig().WithDebugInfoEnabled(false) }

func (e *Engine) runtimeConfig() wazero.RuntimeConfig {
	return wasmrun.Limited(codeConfig(), e.config.Memory)
}

// Prepare implements [engine.Preparer]: it compiles the wasm to machine code.
func (e *Engine) Prepare(ctx context.Context, a engine.Artifact) error {
	_, err := machineCode(ctx, a)
	return err
}

// machineCode returns the machine code of an artifact, or nil where no store could keep it.
func machineCode(ctx context.Context, a engine.Artifact) (*store.Artifact, error) {
	return wasmrun.MachineCode(ctx, a, codeConfig(), build.ProgramFile)
}
