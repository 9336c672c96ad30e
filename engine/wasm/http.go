package wasm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/webhost"
)

// response is what a plugin may ask about the last answer.
type response struct {
	status  int
	headers []byte // as JSON
}

// maxRequest is how many bytes the description of a request has, its body excluded.
const maxRequest = 1 << 20

// request sends a plugin's HTTP request to a host that was granted. Its answer, with whatever
// status, is a block.
func (m *module) request(ctx context.Context, stack []uint64) {
	m.response = response{}
	var asked struct {
		URL     string            `json:"url"`
		Method  string            `json:"method"`
		Headers map[string]string `json:"headers"`
	}
	described := m.take("http_request", stack[0])
	if len(described) > maxRequest {
		panic(&refusal{reason: fmt.Sprintf("http_request: the request has %d bytes beside its body, more than %d", len(described), maxRequest)})
	}
	if err := json.Unmarshal([]byte(described), &asked); err != nil {
		panic(&refusal{reason: "http_request: the request is not what Extism's is: " + err.Error()})
	}
	body := m.take("http_request", stack[1])
	request, err := http.NewRequestWithContext(ctx, strings.ToUpper(asked.Method), asked.URL, strings.NewReader(body))
	if err != nil {
		panic(&refusal{reason: "http_request: " + err.Error(), err: err})
	}
	for name, value := range asked.Headers {
		request.Header.Set(name, value)
	}
	if refused := m.allowed(request.URL); refused != nil {
		panic(refused)
	}
	answer, err := m.send(request)
	if err != nil {
		var refused *refusal
		if errors.As(err, &refused) { // on the way of a redirect
			panic(refused)
		}
		panic(&refusal{reason: "http_request: " + err.Error(), err: err})
	}
	stack[0] = m.give("http_request", answer)
}

// send returns the body of the answer.
func (m *module) send(request *http.Request) ([]byte, error) {
	client := http.Client{CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("it was redirected 10 times")
		}
		if refused := m.allowed(next.URL); refused != nil {
			return refused
		}
		return nil
	}}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	most := m.config.maxResponse()
	body, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("the answer has more than %d bytes", most)
	}
	headers := make(map[string]string)
	for name, values := range answer.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	m.response.status = answer.StatusCode
	m.response.headers, err = json.Marshal(headers)
	return body, err
}

// allowed returns why a plugin may not ask a host, or nil.
func (m *module) allowed(to *url.URL) *refusal {
	web := to.Scheme == "http" || to.Scheme == "https"
	asked := m.config.asks == nil || matches(m.config.asks.Hosts, to)
	if web && asked && matches(m.config.Hosts, to) {
		return nil
	}
	refused := engine.Refusal{Kind: "network", What: "send an HTTP request to " + to.Host}
	m.events.Emit(refused.Event(m.name))
	fix := "name its host in wasm.Config.Hosts, or grant the network"
	if !asked {
		fix = "its manifest does not ask for the host: name it in allowed_hosts"
	}
	return &refusal{reason: "HTTP request to '" + to.Redacted() + "' is not allowed; " + fix}
}

// matches reports whether one of the patterns is that of a host. An address counts without its zone,
// which can be any text.
func matches(patterns []string, to *url.URL) bool {
	host := webhost.Canonical(to.Hostname())
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), host)
		return err == nil && ok
	})
}
