package main

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/loadgo/load/loadtest/asgo"
	"github.com/oklog/ulid/v2"
)

func driveUlid(d *asgo.Driver) {
	var create func(uint64, io.Reader) (ulid.ULID, error)
	d.Func("New", ulid.New, &create)
	id, err := create(1469918176385, bytes.NewReader([]byte("0123456789")))
	d.Say("new", id, err, id.Time())
	_, err = create(1<<60, nil)
	d.Say("too late", err, errors.Is(err, d.Sentinel("ErrBigTime", ulid.ErrBigTime)))
	_, err = create(1, bytes.NewReader([]byte("012")))
	d.Say("too little entropy", err, errors.Is(err, io.ErrUnexpectedEOF))
	var parse, strict func(string) (ulid.ULID, error)
	d.Func("Parse", ulid.Parse, &parse)
	d.Func("ParseStrict", ulid.ParseStrict, &strict)
	for _, s := range []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "short", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA!"} {
		id, err := parse(s)
		d.Say("parse "+s, id.String(), err, errors.Is(err, d.Sentinel("ErrDataSize", ulid.ErrDataSize)), errors.Is(err, d.Sentinel("ErrOverflow", ulid.ErrOverflow)))
		id, err = strict(s)
		d.Say("strict "+s, id.String(), err, errors.Is(err, d.Sentinel("ErrInvalidCharacters", ulid.ErrInvalidCharacters)))
	}
	var monotonic func(io.Reader, uint64) asgo.Ref
	d.Func("Monotonic", ulid.Monotonic, &monotonic)
	var from func(uint64, asgo.Ref) (ulid.ULID, error)
	var native any = func(ms uint64, e *ulid.MonotonicEntropy) (ulid.ULID, error) { return ulid.New(ms, e) }
	d.Func("New", native, &from)
	entropy := monotonic(bytes.NewReader(bytes.Repeat([]byte("abcdefg123"), 30)), 1)
	for range 3 {
		id, err := from(7, entropy)
		d.Say("monotonic", id.String(), err)
	}
	var timestamp func(time.Time) uint64
	d.Func("Timestamp", ulid.Timestamp, &timestamp)
	var back func(uint64) time.Time
	d.Func("Time", ulid.Time, &back)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	d.Say("time", timestamp(at), back(timestamp(at)).UTC())
	var set func(*ulid.ULID, uint64) error
	d.Func("ULID.SetTime", (*ulid.ULID).SetTime, &set)
	err = set(&id, 5)
	d.Say("set", id, err)
	var scan func(*ulid.ULID, any) error
	d.Func("ULID.Scan", (*ulid.ULID).Scan, &scan)
	for _, v := range []any{"01ARZ3NDEKTSV4RRFFQ69G5FAV", []byte("01ARZ3NDEKTSV4RRFFQ69G5FAW"), 7, nil} {
		err := scan(&id, v)
		d.Say("scan", id, err, errors.Is(err, d.Sentinel("ErrScanValue", ulid.ErrScanValue)))
	}
}
