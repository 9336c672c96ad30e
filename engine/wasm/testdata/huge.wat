;; Four gigabytes of memory.
(module (memory 65536))
