package store

import "os"

// memory is a file in memory. Only this process has it, and only to fill it, until it is sealed.
type memory struct{ *os.File }

// Write implements [io.Writer], with the errors of the system as a [*MemoryError].
func (m *memory) Write(data []byte) (int, error) {
	n, err := m.File.Write(data)
	if err != nil {
		err = memoryError(err)
	}
	return n, err
}

// fill copies a file of an artifact into it, whose verification is that of the very bytes that are
// written, and seals it.
func (m *memory) fill(from *Contents, name string) error {
	if err := m.copy(from, name); err != nil {
		return err
	}
	return m.seal()
}

func (m *memory) copy(from *Contents, name string) error {
	if from.Copy != nil {
		return from.Copy(name, m)
	}
	data, verify, err := from.Read(name)
	if err != nil {
		return err
	}
	verified := make(chan error, 1)
	go func() { verified <- verify() }() // takes as long as writing
	_, err = m.Write(data)
	if err := <-verified; err != nil {
		return err
	}
	return err
}
