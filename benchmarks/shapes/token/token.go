// Package token is a middleware in the shape of those that check JSON Web Tokens and hand their
// claims on.
package token

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Config is the middleware's configuration.
type Config struct {
	Secret string
	Claims map[string]string // the headers that claims are handed on in
}

// CreateConfig returns the configuration that the benchmark uses.
func CreateConfig() *Config {
	return &Config{Secret: "secret", Claims: map[string]string{"sub": "X-User", "groups": "X-Groups"}}
}

type token struct {
	next   http.Handler
	config *Config
}

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	return &token{next: next, config: config}, nil
}

// Sign returns a token with the claims, as the benchmark's requests have.
func Sign(claims, secret string) string {
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	return text + "." + encode(sum(text, secret))
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func sum(text, secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (h *token) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	claims, err := h.check(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	for claim, header := range h.config.Claims {
		r.Header.Set(header, fmt.Sprint(claims[claim]))
	}
	h.next.ServeHTTP(w, r)
}

func (h *token) check(text string) (map[string]interface{}, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed token")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(signature, sum(parts[0]+"."+parts[1], h.config.Secret)) {
		return nil, fmt.Errorf("wrong signature")
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	claims := map[string]interface{}{}
	return claims, json.Unmarshal(data, &claims)
}
