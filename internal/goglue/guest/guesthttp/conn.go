package guesthttp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

// Conn is a connection of the other side that was taken over.
type Conn interface {
	Receive(most int) ([]byte, error)
	Send(p Piece) (int, error)
	Close() error
	CloseWrite() error
	Deadline(method string, t time.Time) error
}

// Piece is what is sent at a time.
type Piece struct{ Data []byte }

// Taken is a connection that was taken over, and what is known of it.
type Taken struct {
	Conn          Conn
	Buffered      []byte // what was read of it already
	Local, Remote Addr
	HalfCloses    bool // it has CloseWrite
}

// Addr is an address as it crosses.
type Addr struct{ Net, Text string }

// held is a connection of this side that the other one has taken over.
type held struct {
	net.Conn
	rw *bufio.ReadWriter
}

// give makes a connection one for the other side. The other side's own goes home as itself.
func give(conn net.Conn, rw *bufio.ReadWriter) Taken {
	switch own := conn.(type) {
	case *taken:
		if own.rw == rw {
			return Taken{Conn: own.out}
		}
	case *halfTaken:
		if own.rw == rw {
			return Taken{Conn: own.out}
		}
	}
	_ = rw.Flush()
	buffered, _ := rw.Peek(rw.Reader.Buffered())
	t := Taken{Conn: &held{conn, rw}, Buffered: bytes.Clone(buffered), Local: addrOf(conn.LocalAddr()), Remote: addrOf(conn.RemoteAddr())}
	_, t.HalfCloses = conn.(halfCloser)
	return t
}

type halfCloser interface{ CloseWrite() error }

// maxPiece is the most that is received at a time.
const maxPiece = 64 << 10

// Receive implements [Conn].
func (h *held) Receive(most int) ([]byte, error) {
	p := make([]byte, min(max(0, most), maxPiece))
	n, err := h.Read(p)
	return p[:n], err
}

// Send implements [Conn].
func (h *held) Send(p Piece) (int, error) { return h.Write(p.Data) }

// CloseWrite implements [Conn].
func (h *held) CloseWrite() error {
	if c, ok := h.Conn.(halfCloser); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Deadline implements [Conn].
func (h *held) Deadline(method string, t time.Time) error {
	switch method {
	case "SetReadDeadline":
		return h.SetReadDeadline(t)
	case "SetWriteDeadline":
		return h.SetWriteDeadline(t)
	}
	return h.SetDeadline(t)
}

// take makes the connection one of this side.
func (t Taken) take() (net.Conn, *bufio.ReadWriter) {
	if own, ok := t.Conn.(*held); ok {
		return own.Conn, own.rw
	}
	conn := &taken{out: t.Conn, local: t.Local.addr(), remote: t.Remote.addr()}
	reader := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(t.Buffered), conn), max(4<<10, len(t.Buffered)))
	_, _ = reader.Peek(len(t.Buffered))
	conn.rw = bufio.NewReadWriter(reader, bufio.NewWriter(conn))
	if t.HalfCloses {
		return &halfTaken{conn}, conn.rw
	}
	return conn, conn.rw
}

// taken is a connection of the other side.
type taken struct {
	out           Conn
	rw            *bufio.ReadWriter
	local, remote net.Addr
}

// halfTaken is one that has CloseWrite.
type halfTaken struct{ *taken }

func (c *halfTaken) CloseWrite() error { return c.out.CloseWrite() }

func (c *taken) Read(p []byte) (int, error) {
	data, err := c.out.Receive(len(p))
	return copy(p, data), timeout(err)
}

func (c *taken) Write(p []byte) (n int, err error) {
	n, err = c.out.Send(Piece{p})
	return n, timeout(err)
}

// timeout keeps the error of a deadline a [net.Error].
func timeout(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return err
}

func (c *taken) Close() error                       { return c.out.Close() }
func (c *taken) LocalAddr() net.Addr                { return c.local }
func (c *taken) RemoteAddr() net.Addr               { return c.remote }
func (c *taken) SetDeadline(t time.Time) error      { return c.out.Deadline("SetDeadline", t) }
func (c *taken) SetReadDeadline(t time.Time) error  { return c.out.Deadline("SetReadDeadline", t) }
func (c *taken) SetWriteDeadline(t time.Time) error { return c.out.Deadline("SetWriteDeadline", t) }

func addrOf(a net.Addr) Addr {
	if a == nil {
		return Addr{}
	}
	return Addr{a.Network(), a.String()}
}

// addr makes it the kind of address that package net has for it.
func (a Addr) addr() net.Addr {
	if port, err := netip.ParseAddrPort(a.Text); err == nil && a.Net == "tcp" {
		return net.TCPAddrFromAddrPort(port)
	}
	return otherAddr(a)
}

// otherAddr is an address of any kind.
type otherAddr Addr

func (a otherAddr) Network() string { return a.Net }
func (a otherAddr) String() string  { return a.Text }
