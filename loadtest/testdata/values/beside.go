package values

import "sync"

// Memo has what functions of the host see while others run.
type Memo struct {
	Text string
	Each func() string
	Any  any
}

var begun chan struct{}

// Beside calls a function, and another one when the first has called Begun; it changes the text
// before each call.
func Beside(m *Memo, f, g func()) {
	begun = make(chan struct{})
	m.Text = "first"
	var both sync.WaitGroup
	both.Go(f)
	<-begun
	m.Text = "second"
	g()
	both.Wait()
	m.Text += ", then the end"
}

// Begun is called by the first function of Beside.
func Begun() { close(begun) }

// Told sets the text and calls the functions of the memo.
func Told(m *Memo) []string {
	m.Text = "told"
	texts := []string{m.Each()}
	m.Text = "told again"
	return append(texts, m.Any.(func() string)())
}

// Listener is a value of the host that several calls share.
type Listener interface{ Hear(m *Memo) string }

// Hears sets the text, lets meanwhile do something, and calls the listener.
func Hears(m *Memo, l Listener, text string, meanwhile func()) string {
	m.Text = text
	meanwhile()
	m.Text += "!"
	return l.Hear(m)
}

var afterwards = make(chan func())

// Afterwards sets the text, and calls the function when it has returned: see Then.
func Afterwards(m *Memo, f func()) {
	m.Text = "afterwards"
	go func() { afterwards <- f }()
}

// Then calls the function of Afterwards.
func Then() { (<-afterwards)() }
