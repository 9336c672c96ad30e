;; A module whose functions take and return records and lists, as records.wit says.
(module
  (memory (export "memory") 8)
  (global $top (mut i32) (i32.const 4096))

  (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $n i32) (result i32)
    (global.set $top (i32.and (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $top (i32.add (global.get $top) (local.get $n)))
    (i32.sub (global.get $top) (local.get $n)))

  ;; An order has 48 bytes.
  (func $order (export "echo") (param $item i32) (param $itemlen i32) (param $count i32) (param $price f64) (param $tags i32)
    (param $tagslen i32) (param $note i32) (param $noteat i32) (param $notelen i32) (param $size i32) (result i32)
    (i32.store (i32.const 512) (local.get $item))
    (i32.store (i32.const 516) (local.get $itemlen))
    (i32.store (i32.const 520) (local.get $count))
    (f64.store (i32.const 528) (local.get $price))
    (i32.store (i32.const 536) (local.get $tags))
    (i32.store (i32.const 540) (local.get $tagslen))
    (i32.store8 (i32.const 544) (local.get $note))
    (i32.store (i32.const 548) (local.get $noteat))
    (i32.store (i32.const 552) (local.get $notelen))
    (i32.store8 (i32.const 556) (local.get $size))
    (i32.const 512))

  (func (export "total") (param $at i32) (param $n i32) (result f64)
    (local $sum f64)
    (block $end (loop $next
      (br_if $end (i32.eqz (local.get $n)))
      (local.set $sum (f64.add (local.get $sum)
        (f64.mul (f64.convert_i32_u (i32.load offset=8 (local.get $at))) (f64.load offset=16 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 48)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
    (local.get $sum))

  ;; half is none of an odd number.
  (func (export "half") (param $n i32) (result i32)
    (i32.store8 (i32.const 16) (i32.eqz (i32.and (local.get $n) (i32.const 1))))
    (i32.store (i32.const 20) (i32.shr_u (local.get $n) (i32.const 1)))
    (i32.const 16))

  ;; check returns a text, or an order of -n as its error: a result's value lies at 8 here.
  (func (export "check") (param $n i32) (result i32)
    (if (result i32) (i32.ge_s (local.get $n) (i32.const 0))
      (then
        (i32.store8 (i32.const 600) (i32.const 0))
        (i32.store (i32.const 608) (i32.const 100))
        (i32.store (i32.const 612) (i32.const 4))
        (i32.const 600))
      (else
        (drop (call $order (i32.const 100) (i32.const 4) (i32.sub (i32.const 0) (local.get $n)) (f64.const 0.5) (i32.const 0) (i32.const 0)
          (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
        (memory.copy (i32.const 608) (i32.const 512) (i32.const 48))
        (i32.store8 (i32.const 600) (i32.const 1))
        (i32.const 600))))
  (func (export "refuse") (param i32) (result i32) (local.get 0))

  ;; widest takes 17 numbers, which lie in the memory: 32 bytes of points, then the last.
  (func (export "widest") (param $at i32) (result i64)
    (i64.add (i64.load offset=32 (local.get $at)) (i64.load16_s offset=30 (local.get $at))))

  (func (export "moved") (param $by i32) (param $at i32) (param $n i32) (result i32)
    (local $i i32)
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (i32.shl (local.get $n) (i32.const 2))))
      (i32.store16 (i32.add (local.get $at) (local.get $i))
        (i32.add (local.get $by) (i32.load16_s (i32.add (local.get $at) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br $next)))
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $n))
    (i32.const 16))
  (func (export "other") (param i32) (result i32) (i32.eqz (local.get 0)))

  ;; What these return is not what they say, or very much.
  (func (export "strange") (result i32) (i32.const 2))
  (func (export "odd") (result i32) (i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16))
  (func (export "bomb") (result i32)
    (local $i i32)
    (loop $next
      (i32.store (i32.add (i32.const 65536) (local.get $i)) (i32.const 65536))
      (i32.store (i32.add (i32.const 65540) (local.get $i)) (i32.const 400000))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400000))))
    (i32.store (i32.const 16) (i32.const 65536))
    (i32.store (i32.const 20) (i32.const 50000))
    (i32.const 16))
  (func (export "outside") (result i32)
    (i32.store (i32.const 16) (i32.const 65536))
    (i32.store (i32.const 20) (i32.const -1))
    (i32.const 16))
  (data (i32.const 100) "good"))
