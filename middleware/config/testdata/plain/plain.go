// Package plain is a plugin whose configuration is plain data.
package plain

import (
	"encoding/json"
	"time"
)

type Config struct {
	Name     string
	Max      int
	Small    int8 `json:",omitempty"`
	Big      uint64
	Ratio    float64
	Enabled  bool
	Since    string
	Timeout  time.Duration
	Delays   []time.Duration
	Codes    []int
	Tags     []string
	Secret   []byte
	Request  Headers `json:"request,omitempty"`
	Cache    *Cache
	Rewrites []Rewrite
	Extra    map[string]string
	Renamed  string `mapstructure:"other"`
}

type (
	Headers struct {
		Set    map[string]string
		Remove []string
	}
	Cache   struct{ MaxAge time.Duration }
	Rewrite struct {
		Regex       string
		Replacement string
	}
)

func CreateConfig() *Config {
	return &Config{Name: "default", Max: 1, Extra: map[string]string{"kept": "yes"}}
}

// Show returns what a plugin sees.
func Show(config *Config) (string, error) {
	text, err := json.Marshal(config)
	return string(text), err
}
