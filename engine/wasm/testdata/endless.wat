;; A start function that never ends.
(module (func $main (loop (br 0))) (start $main))
