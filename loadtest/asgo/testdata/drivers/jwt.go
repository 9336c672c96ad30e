package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/loadgo/load/loadtest/asgo"
)

// checked are claims that say themselves whether they are right.
type checked struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

func (c checked) Validate() error {
	if c.Role != "admin" {
		return fmt.Errorf("role %q", c.Role)
	}
	return nil
}

func driveJwt(d *asgo.Driver) {
	key := []byte("a secret of thirty-two bytes ...")
	var method func(string) asgo.Ref
	d.Func("GetSigningMethod", jwt.GetSigningMethod, &method)
	var create func(asgo.Ref, jwt.Claims, ...asgo.Ref) asgo.Ref
	d.Func("NewWithClaims", jwt.NewWithClaims, &create)
	sign := func(claims jwt.Claims) string {
		var signed func(any) (string, error)
		d.Method(create(method("HS256"), claims), "SignedString", &signed)
		text, err := signed(key)
		d.Say("sign", text, err)
		return text
	}
	var parse func(string, jwt.Claims, func(asgo.Ref) (any, error), ...asgo.Ref) (asgo.Ref, error)
	d.Func("ParseWithClaims", jwt.ParseWithClaims, &parse)
	find := func(asgo.Ref) (any, error) { return key, nil }
	sentinels := map[string]error{
		"ErrTokenExpired": jwt.ErrTokenExpired, "ErrTokenMalformed": jwt.ErrTokenMalformed, "ErrTokenInvalidClaims": jwt.ErrTokenInvalidClaims,
		"ErrTokenSignatureInvalid": jwt.ErrTokenSignatureInvalid, "ErrTokenUnverifiable": jwt.ErrTokenUnverifiable,
	}
	say := func(what string, token asgo.Ref, err error, claims any) {
		d.Say(what, token, err, claims)
		for _, name := range []string{"ErrTokenExpired", "ErrTokenMalformed", "ErrTokenInvalidClaims", "ErrTokenSignatureInvalid", "ErrTokenUnverifiable"} {
			d.Say(what+": "+name, errors.Is(err, d.Sentinel(name, sentinels[name])))
		}
	}
	late := time.Unix(4_000_000_000, 0)
	text := sign(jwt.MapClaims{"sub": "ann", "n": 1, "aud": []string{"a", "b"}, "exp": late.Unix()})
	claims := jwt.MapClaims{"kept": true}
	token, err := parse(text, claims, find)
	say("into a map of the host", token, err, claims)
	subject, err := claims.GetSubject()
	d.Say("subject", subject, err)
	empty := jwt.MapClaims{}
	token, err = parse(text+"x", empty, find)
	say("a bad signature", token, err, empty)
	own := errors.New("no key")
	token, err = parse(text, jwt.MapClaims{}, func(asgo.Ref) (any, error) { return nil, own })
	say("no key", token, err, errors.Is(err, own))
	token, err = parse("nonsense", jwt.MapClaims{}, find)
	say("nonsense", token, err, nil)
	text = sign(jwt.MapClaims{"exp": 1})
	token, err = parse(text, jwt.MapClaims{}, find)
	say("expired", token, err, nil)
	text = sign(checked{"admin", jwt.RegisteredClaims{Subject: "bob", ExpiresAt: jwt.NewNumericDate(late), Audience: jwt.ClaimStrings{"x"}}})
	filled := checked{}
	token, err = parse(text, &filled, find)
	say("into a struct of the host", token, err, filled.Role+filled.Subject)
	d.Say("times", filled.ExpiresAt != nil && filled.ExpiresAt.Equal(late), filled.Audience)
	text = sign(checked{Role: "guest"})
	token, err = parse(text, &checked{}, find)
	say("its own check", token, err, nil)
}
