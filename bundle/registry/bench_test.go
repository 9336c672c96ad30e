package registry_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/bundle/registry"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/store"
)

// large is a bundle of one module of so many bytes.
func large(b *testing.B, size int) []byte {
	contents := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(contents)
	key := store.Key("large")
	files := store.NewArtifact(key, []store.File{{Name: "module", Size: int64(size)}}, store.Contents{Read: func(string) ([]byte, func() error, error) {
		return contents, func() error { return nil }, nil
	}})
	var data bytes.Buffer
	require.NoError(b, bundle.Write(&data, nil, &load.Prepared{
		Name: find.Name{Target: "example.com/large", Form: find.FormPath}, Engine: "goprocess", Key: key, Files: files,
		Spec: &find.Spec{Name: "example.com/large", Version: "v1.0.0", Source: find.Source{Kind: find.KindGo, Hash: "h1:large", Go: &find.GoSource{ImportPath: "example.com/large"}}},
	}))
	return data.Bytes()
}

// overLoopback sends data to this process.
func overLoopback(data []byte) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	received := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
		received <- err
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	_, err = conn.Write(data)
	return errors.Join(err, conn.Close(), <-received)
}

// BenchmarkCarry is a bundle of 200 MB over loopback, beside a bare copy and SHA-256 of as much: a
// push reads it to verify it, and the registry of this process sums it once more.
func BenchmarkCarry(b *testing.B) {
	data := large(b, 200e6)
	f, err := bundle.FileOf(data)
	require.NoError(b, err)
	ctx, config := context.Background(), quick()
	run := func(name string, f func(i int) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for i := range b.N {
				require.NoError(b, f(i))
			}
		})
	}
	run("sha256", func(int) error { sha256.Sum256(data); return nil })
	run("loopback", func(int) error { return overLoopback(data) })
	run("push", func(int) error {
		_, err := registry.Push(ctx, f, serve(b).at("/team/modules:v1"), config)
		return err
	})
	s := serve(b)
	_, err = registry.Push(ctx, f, s.at("/team/modules:v1"), config)
	require.NoError(b, err)
	run("push again", func(int) error {
		_, err := registry.Push(ctx, f, s.at("/team/modules:v1"), config)
		return err
	})
	dir := b.TempDir()
	run("pull", func(i int) error {
		_, err := registry.Copy(ctx, s.at("/team/modules:v1"), filepath.Join(dir, fmt.Sprint(i)), config)
		return err
	})
}
