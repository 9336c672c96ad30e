;; A module that others link to.
(module
  (global (export "step") i32 (i32.const 1))
  (func (export "add") (param i32) (result i32) (i32.add (local.get 0) (global.get 0))))
