package webclient

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// parseAuthResponse reads what a command of GOAUTH answers with: sets of URLs, a blank line,
// headers for them, and a blank line. An error does not show any of it.
func parseAuthResponse(data string) (map[string]http.Header, error) {
	told := make(map[string]http.Header)
	for data != "" {
		urls, rest, ok := block(data)
		if !ok {
			return nil, errors.New("its answer has no blank line after the URLs")
		}
		lines, rest, ok := block(rest)
		if !ok {
			return nil, errors.New("its answer has no blank line after the headers")
		}
		header := make(http.Header)
		for _, line := range lines {
			name, value, ok := strings.Cut(line, ": ")
			value = strings.TrimSpace(value)
			if !ok || !isToken(name) || strings.ContainsFunc(value, isControl) {
				return nil, errors.New("its answer has a line that is no header")
			}
			header.Add(name, value)
		}
		for _, line := range urls {
			u, err := url.ParseRequestURI(line)
			if err != nil {
				return nil, errors.New("its answer has a line that is no URL")
			}
			told[strings.TrimPrefix(u.String(), "https://")] = header.Clone()
		}
		data = rest
	}
	return told, nil
}

// block returns the lines up to a blank one, and what follows that.
func block(data string) (lines []string, rest string, ok bool) {
	for {
		line, rest, ok := strings.Cut(data, "\n")
		if !ok {
			return nil, "", false
		}
		if line == "" {
			return lines, rest, true
		}
		lines, data = append(lines, line), rest
	}
}

// isToken reports whether a text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// responseText is a response as a command of GOAUTH reads it.
func responseText(resp *http.Response) string {
	var b strings.Builder
	b.WriteString(resp.Proto + " " + resp.Status + "\n")
	for key, values := range resp.Header {
		b.WriteString(key + ": " + strings.Join(values, ", ") + "\n")
	}
	b.WriteString("\n")
	return b.String()
}

// parseGitCredential reads what "git credential fill" answers with.
func parseGitCredential(data string) (prefix string, user *url.Userinfo) {
	var u url.URL
	var name, password string
	for line := range strings.Lines(data) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "protocol":
			u.Scheme = value
		case "host":
			u.Host = value
		case "path":
			u.Path = value
		case "username":
			name = value
		case "password":
			password = value
		case "url":
			if parsed, err := url.ParseRequestURI(value); err == nil {
				u = *parsed
			}
		}
	}
	return u.String(), url.UserPassword(name, password)
}
