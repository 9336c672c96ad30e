package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/webclient"
)

// sizeError is a size, in bytes, that is over a limit or not what was promised.
type sizeError struct{ limit, want, got int64 }

func (e sizeError) Error() string {
	switch {
	case e.limit == 0 && e.got > e.want:
		return fmt.Sprintf("it has more than the %d bytes that were promised", e.want)
	case e.limit == 0:
		return fmt.Sprintf("it has %d bytes, and %d were promised", e.got, e.want)
	}
	return "it is larger than " + quantity.Size(e.limit)
}

// digestError is content that is not what its digest says.
type digestError struct{ want, got digest.Digest }

func (e digestError) Error() string { return "it has the digest " + string(e.got) }

// contentError is content of a registry that is refused.
type contentError struct{ reason, fix string }

func (e *contentError) Error() string { return e.reason }

// passing reports whether a fault may be gone the next time.
func passing(err error) bool {
	var size sizeError
	var sum digestError
	var content *contentError
	var credentials *webclient.CredentialsError
	var denied *install.PolicyError
	var answer *errcode.ErrorResponse
	var status webclient.StatusError
	switch {
	case errors.As(err, &size), errors.As(err, &sum), errors.As(err, &content), errors.As(err, &credentials), errors.As(err, &denied),
		errors.Is(err, errHTML), errors.Is(err, errdef.ErrNotFound), errors.Is(err, auth.ErrBasicCredentialNotFound), contradicts(err):
		return false
	case errors.As(err, &answer):
		return webclient.PassingStatus(answer.StatusCode)
	case errors.As(err, &status):
		return webclient.PassingStatus(status.Code)
	}
	var asked *url.Error
	var broken brokenError
	return (errors.As(err, &asked) || errors.As(err, &broken)) && webclient.Passing(err)
}

// contradicts reports whether the headers of an answer are not about what was asked for. The
// library has no type for that.
func contradicts(err error) bool {
	text := err.Error()
	return strings.Contains(text, "mismatch") || strings.Contains(text, "unknown response Content-Length")
}

// parameters of a URL may be a secret, such as the signature of a redirect to a store of files.
var parameters = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)

// plain is the cause of an error, without what the registry or the user's programs said.
func plain(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	var answer *errcode.ErrorResponse
	var status webclient.StatusError
	var broken brokenError
	switch {
	case errors.Is(err, webclient.ErrStalled):
		return webclient.ErrStalled
	case errors.Is(err, io.ErrUnexpectedEOF):
		return webclient.ErrCutOff
	case errors.As(err, &broken):
		return broken.error
	case errors.As(err, &answer):
		return webclient.StatusError{Code: answer.StatusCode}
	case errors.As(err, &status):
		return status
	}
	return err
}

// explain makes an error of a request for a tag or a digest one for the reader, after so many
// retries.
func (r *Repository) explain(ctx context.Context, version string, err error, retries int) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var denied *install.PolicyError
	var disk *fs.PathError
	switch {
	case errors.As(err, &denied):
		return denied
	case errors.As(err, &disk):
		return err
	}
	at := r.at(version)
	var sum digestError
	if errors.As(err, &sum) {
		return &install.ChecksumError{
			Subject: at, Want: string(sum.want), Got: string(sum.got), By: "the registry",
			Fix: "nothing of it was used; the registry, or what lies between, changed it: find out which before you use it",
		}
	}
	return r.registryError(at, version, err, retries)
}

// at is the address of a tag or a digest, for messages.
func (r *Repository) at(version string) string {
	if version == "" {
		return r.String()
	}
	if isSHA256(version) {
		return r.String() + "@" + version
	}
	return r.String() + ":" + version
}

func (r *Repository) registryError(at, version string, err error, retries int) error {
	cause := plain(err)
	text := parameters.ReplaceAllString(cause.Error(), "$1")
	out := &install.RegistryError{URL: at, Reason: text, Fix: "check the name and the network, and try again", Unavailable: passing(err)}
	if retries > 0 {
		out.Reason += fmt.Sprintf(" (tried %d times)", retries+1)
	}
	var status webclient.StatusError
	code := 0
	if errors.As(cause, &status) {
		code = status.Code
	}
	var content *contentError
	var credentials *webclient.CredentialsError
	var redirect *webclient.RedirectError
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		return r.missing(version)
	case errors.As(err, &content):
		out.Reason, out.Fix = content.reason, content.fix
	case errors.As(err, &credentials):
		out.Reason, out.Fix, out.Err = credentials.Reason, credentials.Fix, credentials
	case errors.As(err, &redirect):
		out.Reason, out.Fix, out.Err = redirect.Reason, "ask who runs the registry", redirect
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		out.Reason, out.Fix = "it wants to know who asks, and there are no credentials for it", r.places()
		out.Err = webclient.StatusError{Code: http.StatusUnauthorized}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		out.Reason, out.Fix = "forbidden ("+status.Error()+")", "check the spelling of the name; "+r.places()
		out.Err = status
	case code == http.StatusNotFound:
		out.Reason, out.Fix = "there is no such repository, or it cannot be written", "create it, and check who may write to it; "+r.places()
	case code == http.StatusTooManyRequests:
		out.Fix = "it answers too many requests; wait, or " + r.places()
	case errors.Is(err, errHTML):
		out.Fix = "give the address of the registry itself; a network's log-in page may be in the way"
	case contradicts(err):
		out.Reason, out.Fix = "its answer contradicts itself: "+text, "nothing of it was used; ask who runs the registry"
	case errors.As(err, new(sizeError)):
		out.Fix = "nothing of it was used; ask who made it"
	}
	return out
}

// missing is a tag or a digest that the repository does not have.
func (r *Repository) missing(version string) error {
	if isSHA256(version) {
		return &find.VersionError{
			Module: r.String(), Query: version, Reason: r.String() + " has no " + version + " (any more)",
			Fix: "if a tag was moved and you trust what is there now, `load upgrade` with the name locks that",
		}
	}
	return &find.NotFoundError{
		Name: r.ref.asked, Tried: []find.Tried{{Who: r.ref.registry, Answer: "it has no " + r.ref.repository + ":" + version}},
		Fix: "check the spelling of the repository and of the tag; `oras repo tags " + r.String() + "` lists them",
	}
}
