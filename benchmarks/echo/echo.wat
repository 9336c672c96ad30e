;; The function of bytes that is called by hand: its input and its output lie in its own memory.
(module (memory (export "memory") 40)
 (func (export "alloc") (param i32) (result i32) (i32.const 1024))
 (func (export "echo") (param $p i32) (param $n i32) (result i32)
  (local $i i32)
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (local.get $n)))
      (i64.store (i32.add (i32.const 1200000) (local.get $i)) (i64.load (i32.add (local.get $p) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next)))
  (i32.const 1200000)))
