;; A plugin that calls functions of the program.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "multiply" (func $multiply (param i64 i64) (result i64)))
  (import "extism:host/user" "upper" (func $upper (param i64) (result i64)))
  (import "extism:host/user" "price" (func $price (param i64) (result i64)))
  (import "tools" "half" (func $half (param f64) (result f64)))
  (import "env" "note" (func $note (param i32)))

  (func $show (param $block i64) (result i32)
    (call $output_set (local.get $block) (call $length (local.get $block)))
    (i32.const 0))

  ;; multiply has no parameter, as functions of plugins have none: it gives the program 6 and 7.
  (func (export "multiply") (result i32) (i32.wrap_i64 (call $multiply (i64.const 6) (i64.const 7))))
  (func (export "upper") (result i32) (call $show (call $upper (call $input_offset))))
  (func (export "price") (result i32) (call $show (call $price (call $input_offset))))
  (func (export "nowhere") (result i32) (call $show (call $upper (i64.const 99999))))
  (func (export "narrow") (result i32) (i32.wrap_i64 (call $multiply (i64.const 6) (i64.const 0x7fffffffffffffff))))
  (func (export "half") (param f64) (result f64) (call $half (local.get 0)))
  (func (export "note") (result i32) (call $note (i32.const -5)) (i32.const 0)))
