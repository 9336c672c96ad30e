;; A start function that traps.
(module (func $main unreachable) (start $main))
