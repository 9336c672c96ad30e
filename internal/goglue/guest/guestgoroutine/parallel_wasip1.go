package guestgoroutine

// parallel says that goroutines run at the same time: here one goes on where another one waits.
const parallel = false
