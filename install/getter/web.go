package getter

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	gogetter "github.com/hashicorp/go-getter/v2"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/webclient"
)

// download brings the file of a source to a path. A checksum in the name is checked on the way.
func (in *Installer) download(ctx context.Context, session *install.Session, s *source, path string) (size int64, err error) {
	if session.Offline {
		return 0, install.ErrOffline
	}
	receiver := session.Receive(s.where(), "", "source")
	defer receiver.End()
	u := *s.url
	if s.checksum != "" {
		query := u.Query()
		query.Set("checksum", s.checksum) // go-getter takes it out again
		u.RawQuery = query.Encode()
	}
	client := &gogetter.Client{
		Getters: []gogetter.Getter{&gogetter.HttpGetter{
			Client: in.webClient(session, s.url, receiver), DoNotCheckHeadFirst: true, XTerraformGetDisabled: true, MaxBytes: in.config.MaxBytes + 1,
		}},
		Decompressors:   map[string]gogetter.Decompressor{}, // the gate unpacks
		DisableSymlinks: true,
	}
	for try := 0; ; try++ {
		_ = os.Remove(path) // a part of it may be there, and another server's would not fit to it
		_, err = client.Get(ctx, &gogetter.Request{Src: u.String(), Dst: path, GetMode: gogetter.ModeFile, Umask: 0o077})
		switch {
		case err == nil:
			return in.downloaded(ctx, s, path)
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case try >= in.config.Retries || !passing(err):
			return 0, in.explainWeb(ctx, s, err, try)
		}
		var status webclient.StatusError
		errors.As(err, &status)
		if err := webclient.Pause(ctx, session.Events, in.config.RetryDelay, try, status.After, s.where(), plain(err)); err != nil {
			return 0, err
		}
	}
}

// downloaded returns the size of a file that was downloaded.
func (in *Installer) downloaded(ctx context.Context, s *source, path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if info.Size() > in.config.MaxBytes {
		return 0, in.explainWeb(ctx, s, sizeError(in.config.MaxBytes), 0)
	}
	return info.Size(), nil
}

// passing reports whether a fault may be gone the next time.
func passing(err error) bool {
	var sum *gogetter.ChecksumError
	var size sizeError
	var status webclient.StatusError
	var credentials *webclient.CredentialsError
	switch {
	case errors.As(err, &sum), errors.As(err, &size), errors.Is(err, errHTML), errors.As(err, &credentials):
		return false
	case errors.As(err, &status):
		return webclient.PassingStatus(status.Code)
	}
	return webclient.Passing(err)
}

// plain takes the URL, whose parameters may hold a secret, out of an error.
func plain(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.ErrShortWrite) || errors.Is(err, io.ErrUnexpectedEOF) {
		return webclient.ErrCutOff
	}
	return err
}

// goAuth is where credentials come from besides the callback.
func (c Config) goAuth() (value, netrc string) {
	var t toolchain.Toolchain // what is wanted of it needs none
	value = cmp.Or(c.GoAuth, t.Env("GOAUTH"))
	if c.Netrc == "off" {
		return value, ""
	}
	return value, cmp.Or(c.Netrc, webclient.NetrcFile(t.Env("NETRC")))
}

// newWeb returns the client that makes the requests.
func newWeb(c Config) http.Client {
	var client http.Client
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	if client.Transport == nil {
		client.Transport = webclient.NewTransport()
	}
	return client
}

// webClient is a client for a URL, with the credentials for it.
func (in *Installer) webClient(session *install.Session, u *url.URL, receiver *install.Receiver) *http.Client {
	client := in.web
	client.CheckRedirect = webclient.CheckRedirect(session.AdmitURL)
	client.Transport = strict{client.Transport, in.user, u, in.config.Stall, in.config.MaxBytes, receiver}
	return &client
}

// strict makes errors of all answers that are not the file that was asked for, before anyone reads
// them.
type strict struct {
	next  http.RoundTripper
	user  *webclient.Credentials
	url   *url.URL // that the credentials are for
	stall time.Duration
	limit int64
	told  *install.Receiver // of what arrives
}

var errHTML = errors.New("it is an HTML page, not a file")

// sizeError is a limit, in bytes, that something exceeds.
type sizeError int64

func (limit sizeError) Error() string {
	return "it is larger than " + quantity.Size(int64(limit))
}

func (t strict) RoundTrip(r *http.Request) (*http.Response, error) {
	stall := webclient.NewStall(r.Context(), t.stall)
	r = r.Clone(stall.Context())
	r.Header.Set("Accept-Encoding", "identity") // what arrives is what the sum is of
	resp, err := t.user.Transport(t.next, stall.Pauses(webclient.Access{URL: t.url})).RoundTrip(r)
	switch {
	case err != nil:
		err = stall.Explain(err)
	case resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.Header.Get("Location") != "": // the client follows it, or not
	case resp.StatusCode != http.StatusOK:
		err = webclient.StatusError{Code: resp.StatusCode, After: webclient.RetryAfter(resp.Header)}
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		err = errHTML
	case resp.ContentLength > t.limit:
		err = sizeError(t.limit)
	}
	if err != nil {
		stall.End()
		if resp != nil {
			resp.Body.Close()
		}
		return nil, err
	}
	t.told.Expect(resp.ContentLength)
	body := stall.Received(resp.Body)
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, t.told), body}
	return resp, nil
}

// explainWeb makes an error of a download one for the reader, without the URL's parameters, after
// so many retries.
func (in *Installer) explainWeb(ctx context.Context, s *source, err error, retries int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var denied *install.PolicyError
	if errors.As(err, &denied) {
		return denied
	}
	var sum *gogetter.ChecksumError
	if errors.As(err, &sum) {
		kind, _, _ := strings.Cut(s.checksum, ":")
		return s.tree().ChecksumError(s.checksum, kind+":"+hex.EncodeToString(sum.Actual), "the name")
	}
	err = plain(err)
	out := &install.RegistryError{URL: s.where(), Reason: err.Error(), Fix: "check the name and the network, and try again", Err: err}
	if retries > 0 {
		out.Reason += fmt.Sprintf(" (tried %d times)", retries+1)
	}
	out.Unavailable = passing(err)
	var status webclient.StatusError
	var credentials *webclient.CredentialsError
	switch {
	case errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone):
		return &find.NotFoundError{
			Name: s.asked, Tried: []find.Tried{{Who: s.url.Host, Answer: status.Error()}},
			Fix: "check the spelling of the URL",
		}
	case errors.As(err, &status) && (status.Code == http.StatusForbidden || status.Code == http.StatusUnauthorized):
		out.Reason = "forbidden (" + status.Error() + ")"
		out.Fix = "check the spelling of the URL and the credentials for " + s.url.Hostname() + " in " + in.user.Places(webclient.Access{URL: s.url})
	case errors.As(err, &credentials):
		out.Fix = credentials.Fix
	case errors.Is(err, errHTML):
		out.Fix = "give the URL of the file itself; a network's log-in page may be in the way"
	}
	return out
}

// fileVersion returns the version that a file's contents are.
func fileVersion(f *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// maxKept is how much of what Resolve read is kept for Install.
const maxKept = 16 << 20

// downloads keeps small files that Resolve had to read to know their version, so that Install need
// not fetch them again. It holds the last ones, and gives each out once.
type downloads struct {
	mu    sync.Mutex
	files map[string][]byte // by URL and version
	size  int
}

func (d *downloads) put(key string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.size+len(data) > maxKept || d.files == nil {
		d.files, d.size = make(map[string][]byte), 0
	}
	d.size += len(data) - len(d.files[key])
	d.files[key] = data
}

func (d *downloads) take(key string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, ok := d.files[key]
	d.size -= len(data)
	delete(d.files, key)
	return data, ok
}
