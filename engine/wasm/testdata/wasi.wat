;; A reactor that asks WASI for more than it should get.
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1 1024)
  (data (i32.const 100) ".")

  ;; open opens a directory; its number is at 8.
  (func $dir (param $fd i32) (result i32)
    (call $open (local.get $fd) (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))

  ;; renumber gives an open directory a number, and returns the error.
  (func (export "renumber") (param $to i32) (result i32)
    (drop (call $dir (i32.const 3)))
    (call $renumber (i32.load (i32.const 8)) (local.get $to)))

  ;; hoard opens directories below a preopened one until it is refused, a million at most.
  (func (export "hoard") (param $fd i32) (result i32)
    (local $n i32)
    (block $end (loop $next
      (br_if $end (call $dir (local.get $fd)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 1000000)))))
    (local.get $n))
  ;; close closes the last one.
  (func (export "close") (result i32) (call $close (i32.load (i32.const 8))))

  ;; print prints 32 MiB a million times, at once.
  (func (export "print") (param $fd i32) (result i32)
    (local $at i32)
    (drop (memory.grow (i32.const 1023)))
    (local.set $at (i32.const 0x2000000))
    (loop $next
      (i32.store offset=4 (local.get $at) (i32.const 0x2000000))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 0x2800000))))
    (call $write (local.get $fd) (i32.const 0x2000000) (i32.const 1000000) (i32.const 8)))

  ;; random asks for 32 MiB of random numbers again and again.
  (func (export "random") (result i32)
    (drop (memory.grow (i32.const 1023)))
    (call $random (i32.const 0) (i32.const 0x2000000)))

  ;; roll is a random number, and now the time of a clock.
  (func (export "roll") (result i64)
    (drop (call $random (i32.const 16) (i32.const 8)))
    (i64.load (i32.const 16)))
  (func (export "now") (param $clock i32) (result i64)
    (drop (call $clock (local.get $clock) (i64.const 1) (i32.const 16)))
    (i64.load (i32.const 16))))
