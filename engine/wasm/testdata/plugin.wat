;; An Extism plugin.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
  (memory (export "memory") 1)

  ;; digit is a block with one digit.
  (func $digit (param $n i64) (result i64)
    (local $block i64)
    (local.set $block (call $alloc (i64.const 1)))
    (call $store_u8 (local.get $block) (i32.add (i32.wrap_i64 (local.get $n)) (i32.const 48)))
    (local.get $block))

  (func $is_vowel (param $c i32) (result i32)
    (local.set $c (i32.or (local.get $c) (i32.const 32)))
    (i32.or (i32.eq (local.get $c) (i32.const 97))
    (i32.or (i32.eq (local.get $c) (i32.const 101))
    (i32.or (i32.eq (local.get $c) (i32.const 105))
    (i32.or (i32.eq (local.get $c) (i32.const 111)) (i32.eq (local.get $c) (i32.const 117)))))))

  ;; count_vowels writes their number, up to nine.
  (func (export "count_vowels") (result i32)
    (local $i i64) (local $n i64) (local $block i64)
    (block $end (loop $next
      (br_if $end (i64.ge_u (local.get $i) (call $input_length)))
      (if (call $is_vowel (call $input_load_u8 (local.get $i)))
        (then (local.set $n (i64.add (local.get $n) (i64.const 1)))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.set $block (call $digit (local.get $n)))
    (call $output_set (local.get $block) (i64.const 1))
    (i32.const 0))

  ;; echo copies the input, eight bytes at a time.
  (func (export "echo") (result i32)
    (local $i i64) (local $n i64) (local $block i64)
    (local.set $n (call $input_length))
    (local.set $block (call $alloc (i64.add (local.get $n) (i64.const 8))))
    (block $end (loop $next
      (br_if $end (i64.ge_u (local.get $i) (local.get $n)))
      (call $store_u64 (i64.add (local.get $block) (local.get $i)) (call $input_load_u64 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 8)))
      (br $next)))
    (call $output_set (local.get $block) (local.get $n))
    (i32.const 0))

  ;; fail returns 3 with the input as the error, mute 4 without one; warn returns 0 and panic traps
  ;; with one, and mend takes one back.
  (func (export "warn") (result i32) (call $error_set (call $input_offset)) (i32.const 0))
  (func (export "panic") (result i32) (call $error_set (call $input_offset)) (unreachable))
  (func (export "mend") (result i32) (call $error_set (call $input_offset)) (call $error_set (i64.const 0)) (i32.const 0))
  (func (export "fail") (result i32) (call $error_set (call $input_offset)) (i32.const 3))
  (func (export "mute") (result i32) (i32.const 4))
  (func (export "silent"))

  ;; name is a copy of the input: who is given a block owns it.
  (func $name (result i64)
    (local $i i64) (local $block i64)
    (local.set $block (call $alloc (call $input_length)))
    (block $end (loop $next
      (br_if $end (i64.ge_u (local.get $i) (call $input_length)))
      (call $store_u8 (i64.add (local.get $block) (local.get $i)) (call $input_load_u8 (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.get $block))

  ;; visits counts the calls in the variable that the input names.
  (func (export "visits") (result i32)
    (local $value i64) (local $n i64)
    (local.set $value (call $var_get (call $name)))
    (if (i64.ne (local.get $value) (i64.const 0))
      (then (local.set $n (i64.sub (i64.extend_i32_u (call $load_u8 (local.get $value))) (i64.const 48)))))
    (local.set $value (call $digit (i64.add (local.get $n) (i64.const 1))))
    (call $var_set (call $name) (local.get $value))
    (call $output_set (local.get $value) (i64.const 1))
    (i32.const 0))
  (func (export "forget") (result i32) (call $var_set (call $input_offset) (i64.const 0)) (i32.const 0))
  (func (export "hoard") (result i32)
    (call $var_set (call $input_offset) (call $alloc (i64.const 2000000))) (i32.const 0))

  ;; owned gives away 100 blocks of 100 KB, none of which it frees.
  (func (export "owned") (result i32)
    (local $i i32) (local $block i64)
    (loop $next
      (local.set $block (call $alloc (i64.const 100000)))
      (if (i64.eqz (local.get $block)) (then (return (i32.const 5))))
      (call $log_warn (local.get $block))
      (if (i64.ne (call $length (local.get $block)) (i64.const 0)) (then (return (i32.const 6))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100))))
    (i32.const 0))

  ;; again frees the block that var_set has freed, and writes a block that it got meanwhile.
  (func (export "again") (result i32)
    (local $name i64) (local $value i64) (local $digit i64)
    (local.set $name (call $name))
    (local.set $value (call $name))
    (call $var_set (local.get $name) (local.get $value))
    (local.set $digit (call $digit (i64.const 7)))
    (call $free (local.get $name))
    (call $free (local.get $value))
    (call $output_set (local.get $digit) (call $length (local.get $digit)))
    (i32.const 0))

  ;; config writes the setting that the input names.
  (func (export "config") (result i32)
    (local $value i64)
    (local.set $value (call $config_get (call $input_offset)))
    (call $output_set (local.get $value) (call $length (local.get $value)))
    (i32.const 0))

  (func (export "log") (result i32) (call $log_warn (call $input_offset)) (i32.const 0))

  ;; get asks as the input says, and writes the body.
  (func (export "get") (result i32)
    (local $body i64)
    (local.set $body (call $http_request (call $input_offset) (i64.const 0)))
    (call $output_set (local.get $body) (call $length (local.get $body)))
    (i32.sub (call $http_status_code) (i32.const 200)))

  ;; twice frees a block twice, and gets it once.
  (func (export "twice") (result i32)
    (local $a i64) (local $b i64)
    (local.set $a (call $alloc (i64.const 100)))
    (call $free (local.get $a))
    (call $free (local.get $a))
    (local.set $a (call $alloc (i64.const 90)))
    (local.set $b (call $alloc (i64.const 90)))
    (i64.eq (local.get $a) (local.get $b)))

  ;; beyond reads, writes and shows what is not there, by the input's first digit.
  (func (export "read") (result i32) (drop (call $load_u64 (i64.const 0x7fffffffffffffff))) (i32.const 0))
  (func (export "write") (result i32) (call $store_u64 (i64.const -4) (i64.const 1)) (i32.const 0))
  (func (export "null") (result i32) (call $store_u8 (i64.const 0) (i32.const 1)) (i32.const 0))
  (func (export "show") (result i32) (call $output_set (i64.const 16) (i64.const -1)) (i32.const 0))
  (func (export "loop") (result i32) (loop (br 0)) (i32.const 0))
  ;; fill takes all the memory there is, and returns 7 when it is full.
  (func (export "fill") (result i32)
    (loop $next (br_if $next (i64.ne (call $alloc (i64.const 100000)) (i64.const 0))))
    (i32.const 7)))
