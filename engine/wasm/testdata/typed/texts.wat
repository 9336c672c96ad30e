;; A module whose functions take and return texts, as texts.wit says.
(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (global $posts (mut i32) (i32.const 0))

  ;; cabi_realloc makes room, none for more than 40000 bytes.
  (func $room (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (i32.const 40000)) (then (return (i32.const 0))))
    (global.set $top (i32.add (global.get $top) (local.get $n)))
    (i32.sub (global.get $top) (local.get $n)))

  (func $pair (param $p i32) (param $n i32) (result i32)
    (i32.store (i32.const 16) (local.get $p))
    (i32.store (i32.const 20) (local.get $n))
    (i32.const 16))

  ;; join puts two texts one after the other.
  (func (export "join") (param $a i32) (param $an i32) (param $b i32) (param $bn i32) (result i32)
    (local $to i32)
    (local.set $to (call $room (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $an) (local.get $bn))))
    (memory.copy (local.get $to) (local.get $a) (local.get $an))
    (memory.copy (i32.add (local.get $to) (local.get $an)) (local.get $b) (local.get $bn))
    (call $pair (local.get $to) (i32.add (local.get $an) (local.get $bn))))
  ;; The room is taken back when the result was read.
  (func (export "cabi_post_join") (param i32)
    (global.set $top (i32.const 1024))
    (global.set $posts (i32.add (global.get $posts) (i32.const 1))))
  (func (export "posts") (result i32) (global.get $posts))

  (func (export "first_byte") (param $p i32) (param $n i32) (result i32) (i32.load8_u (local.get $p)))
  (func (export "sum") (param i32 i32 i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i32_u (local.get 0)) (f64.convert_i32_s (local.get 1)))
      (f64.add (f64.convert_i64_u (local.get 2)) (f64.add (f64.promote_f32 (local.get 3)) (local.get 4)))))
  (func (export "not") (param i32) (result i32) (i32.eqz (local.get 0)))
  (func (export "next") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "high") (result i32) (i32.const -1))
  ;; What these return is not what they say.
  (func (export "beyond") (result i32) (call $pair (i32.const 65535) (i32.const 2)))
  (func (export "nowhere") (result i32) (i32.const -4))
  (func (export "wide") (result i32) (i32.const 300))
  (func (export "plain") (param i32) (result i32) (local.get 0)))
