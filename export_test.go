package load

import "testing"

// Waiters tells how many callers wait for the load of a name.
func Waiters(l *Loader, key string) int {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if f := l.cache.flights[key]; f != nil {
		return f.callers
	}
	return 0
}

// LockKey returns a name as a lock file holds it.
func LockKey(t testing.TB, name string) string {
	t.Helper()
	parsed, err := ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return lockKey(parsed)
}
