;; A plugin that links to other modules of its manifest.
(module
  (import "lib" "count" (func $count (result i32)))
  (import "lib" "memory" (memory 1))
  (import "base" "step" (global $step i32))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (data (i32.const 100) "file")

  (func $digit (param $n i32)
    (local $block i64)
    (local.set $block (call $alloc (i64.const 1)))
    (call $store_u8 (local.get $block) (i32.add (local.get $n) (i32.const 48)))
    (call $output_set (local.get $block) (i64.const 1)))

  ;; count counts the calls in another module, step those of its steps, and seen how many steps lie in
  ;; that module's memory.
  (func (export "count") (call $digit (call $count)))
  (func (export "step") (call $digit (global.get $step)))
  (func (export "seen") (call $digit (i32.load (i32.const 0))))
  (func (export "crash") (unreachable))

  ;; open and create open a file of the first directory, and return the error.
  (func $at (param $flags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 4) (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 8)))
  (func (export "open") (result i32) (call $at (i32.const 0) (i64.const 2)))
  (func (export "create") (result i32) (call $at (i32.const 9) (i64.const 64))))
