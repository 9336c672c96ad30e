;; A module that is no plugin calls a function of the program.
(module
  (import "tools" "half" (func $half (param f64) (result f64)))
  (func (export "quarter") (param f64) (result f64) (call $half (call $half (local.get 0)))))
