;; A module that plugins link to.
(module
  (import "base" "add" (func $add (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_initialize") (i32.store (i32.const 0) (i32.const 2)))
  (func (export "count") (result i32)
    (i32.store (i32.const 0) (call $add (i32.load (i32.const 0))))
    (i32.load (i32.const 0))))
