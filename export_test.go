package load

// Waiters tells how many callers wait for the load of a name.
func Waiters(l *Loader, key string) int {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if f := l.cache.flights[key]; f != nil {
		return f.callers
	}
	return 0
}
