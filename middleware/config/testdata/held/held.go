// Package held is a plugin whose configuration has an unexported field and named types with methods.
package held

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
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
	Level    slog.Level
	Addr     net.IP
	Mode     Mode

	now func() time.Time
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
	return &Config{now: time.Now, Name: "default", Max: 1, Extra: map[string]string{"kept": "yes"}}
}

// Show returns what a plugin sees.
func Show(config *Config) (string, error) {
	if config.now == nil {
		return "", errors.New("another configuration than that of CreateConfig")
	}
	text, err := json.Marshal(config)
	return string(text), err
}

// Mode has a text form of its own.
type Mode int

func (m *Mode) UnmarshalText(text []byte) error {
	switch string(text) {
	case "fast":
		*m = 1
	case "safe":
		*m = 2
	default:
		return errors.New("mode " + string(text) + " is neither fast nor safe")
	}
	return nil
}
