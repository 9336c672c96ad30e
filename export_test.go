package load

// Waiters tells how many callers wait for the load of a name.
func Waiters(l *Loader, key string) int { return l.cache.Waiters(key) }
