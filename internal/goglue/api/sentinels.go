package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strconv"
)

// Sentinels are the errors of the standard library that cross as themselves, by the names that
// the generator has for them, too.
var Sentinels = map[string]error{
	"bufio.ErrTooLong": bufio.ErrTooLong, "bufio.ErrBufferFull": bufio.ErrBufferFull,
	"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	"errors.ErrUnsupported": errors.ErrUnsupported,
	"io.EOF":                io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrClosedPipe": io.ErrClosedPipe,
	"io.ErrShortWrite": io.ErrShortWrite, "io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrNoProgress": io.ErrNoProgress,
	"io/fs.ErrInvalid": fs.ErrInvalid, "io/fs.ErrPermission": fs.ErrPermission, "io/fs.ErrExist": fs.ErrExist,
	"io/fs.ErrNotExist": fs.ErrNotExist, "io/fs.ErrClosed": fs.ErrClosed, "io/fs.SkipDir": fs.SkipDir, "io/fs.SkipAll": fs.SkipAll,
	"net.ErrClosed": net.ErrClosed, "net/http.ErrAbortHandler": http.ErrAbortHandler, "net/http.ErrServerClosed": http.ErrServerClosed,
	"net/http.ErrHandlerTimeout": http.ErrHandlerTimeout, "net/http.ErrBodyNotAllowed": http.ErrBodyNotAllowed,
	"net/http.ErrNotSupported": http.ErrNotSupported, "net/http.ErrNoCookie": http.ErrNoCookie, "net/http.ErrNoLocation": http.ErrNoLocation,
	"net/http.ErrUseLastResponse": http.ErrUseLastResponse,
	"os.ErrDeadlineExceeded":      os.ErrDeadlineExceeded, "os.ErrProcessDone": os.ErrProcessDone,
	"strconv.ErrRange": strconv.ErrRange, "strconv.ErrSyntax": strconv.ErrSyntax,
}
