package main

import (
	"net/url"
	"time"

	"github.com/google/go-querystring/query"
	"github.com/google/uuid"
	"github.com/loadgo/load/loadtest/asgo"
)

// spaced encodes itself.
type spaced []string

func (s spaced) EncodeValues(key string, v *url.Values) error {
	for _, text := range s {
		v.Add(key, "<"+text+">")
	}
	return nil
}

type page struct {
	Page int `url:"page"`
	Size int `url:"size,omitempty"`
}

type search struct {
	page
	Query  string                `url:"q"`
	All    bool                  `url:"all,int"`
	Tags   []string              `url:"tag,comma"`
	Many   []int                 `url:"n,brackets"`
	When   time.Time             `url:"when,unix"`
	Since  *time.Time            `url:"since,omitempty" layout:"2006-01-02"`
	User   struct{ Name string } `url:"user"`
	Own    spaced                `url:"own"`
	Maybe  *string               `url:"maybe"`
	Not    string                `url:"-"`
	Labels map[string]string     `url:"labels,omitempty"`
	hidden int
}

type identified struct {
	ID uuid.UUID `url:"id"`
}

func driveQuerystring(d *asgo.Driver) {
	var values func(any) (url.Values, error)
	d.Func("Values", query.Values, &values)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := search{page: page{Page: 2}, Query: "a b&c", All: true, Tags: []string{"x", "y"}, Many: []int{1, 2}, When: at, Own: spaced{"o"}, hidden: 1}
	s.User.Name = "ann"
	full := s
	text := "m"
	full.Since, full.Maybe, full.Size = &at, &text, 9
	for _, v := range []any{s, &s, full, &full, search{}, (*search)(nil), nil, 7, struct{ A, B any }{1, "x"}, struct{ T []time.Time }{[]time.Time{at}}, identified{}, struct{ P **int }{}} {
		got, err := values(v)
		d.Say("values", got.Encode(), err)
	}
}
