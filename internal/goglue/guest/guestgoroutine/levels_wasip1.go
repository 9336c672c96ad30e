package guestgoroutine

// Levels makes calls of the host return in the reverse order of their beginnings. They lie on one
// stack of the WebAssembly machine, and the Go runtime takes the first exported function that
// returns for the last that was called: https://go.dev/src/runtime/asm_wasm.s,
// wasm_pc_f_loop_export.
type Levels struct {
	depth int                   // the number of calls that go on
	turn  map[int]chan struct{} // closed when the call at that depth is the last
}

// Enter begins a call of the host and returns its depth.
func (l *Levels) Enter() int {
	l.depth++
	return l.depth
}

// Leave ends the call at a depth, when it is the last. Nothing else runs between its return and
// that of the call, where that makes no memory.
func (l *Levels) Leave(depth int) {
	for l.depth != depth {
		if l.turn == nil {
			l.turn = map[int]chan struct{}{}
		}
		turn := make(chan struct{})
		if l.depth == depth {
			break // the collector has let the others run meanwhile
		}
		l.turn[depth] = turn
		<-turn
	}
	l.depth--
	if turn := l.turn[l.depth]; turn != nil {
		delete(l.turn, l.depth)
		close(turn)
	}
}
