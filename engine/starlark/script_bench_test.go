package starlark_test

import (
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/ratio"
	"github.com/stretchr/testify/require"
)

// ordinary is a script of text, lists, dicts, sorting and arithmetic, as configurations have them.
const ordinary = `
RATES = {"eu": 19, "us": 7, "jp": 10}

def words(text):
    counts = {}
    for word in text.split(" "):
        word = word.lower().strip(".,")
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return counts

def top(counts, n):
    return [k for k, v in sorted(counts.items(), key = lambda p: (-p[1], p[0]))][:n]

def primes(n):
    found = []
    for i in range(2, n):
        prime = True
        for p in found:
            if p * p > i:
                break
            if i % p == 0:
                prime = False
                break
        if prime:
            found.append(i)
    return found

def total(orders):
    t = 0
    for o in orders:
        t += o["n"] + o["n"] * RATES[o["region"]] / 100
    return t

def labels(orders):
    return ["%s: %d" % (o["region"], o["n"]) for o in orders if o["n"] > 3 and o["region"] != "jp"]

def work():
    text = "The quick brown fox jumps over the lazy dog, and the dog sleeps on. " * 4
    orders = [{"n": i % 7, "region": "eu" if i % 2 else "us"} for i in range(50)]
    return "/".join(top(words(text), 3)), len(primes(100)), total(orders), len(labels(orders))
`

// BenchmarkScript runs an ordinary script.
func BenchmarkScript(b *testing.B) {
	work, err := load.Func[func() (string, int, float64, int, error)](module(b, ordinary), "work")
	require.NoError(b, err)
	for b.Loop() {
		_, _, _, _, err := work()
		ratio.Must(b, err)
	}
}
