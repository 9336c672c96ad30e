package api

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// Sentinels are the errors of the standard library that cross as themselves, by the names that
// the generator has for them, too.
var Sentinels = map[string]error{
	"archive/zip.ErrFormat": zip.ErrFormat, "archive/zip.ErrAlgorithm": zip.ErrAlgorithm, "archive/zip.ErrChecksum": zip.ErrChecksum,
	"bufio.ErrTooLong": bufio.ErrTooLong, "bufio.ErrBufferFull": bufio.ErrBufferFull, "bufio.ErrNegativeCount": bufio.ErrNegativeCount,
	"bufio.ErrInvalidUnreadByte": bufio.ErrInvalidUnreadByte, "bufio.ErrInvalidUnreadRune": bufio.ErrInvalidUnreadRune,
	"compress/gzip.ErrChecksum": gzip.ErrChecksum, "compress/gzip.ErrHeader": gzip.ErrHeader,
	"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	"crypto/rsa.ErrDecryption": rsa.ErrDecryption, "crypto/rsa.ErrVerification": rsa.ErrVerification,
	"encoding/hex.ErrLength": hex.ErrLength, "errors.ErrUnsupported": errors.ErrUnsupported, "flag.ErrHelp": flag.ErrHelp,
	"io.EOF": io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrClosedPipe": io.ErrClosedPipe,
	"io.ErrShortWrite": io.ErrShortWrite, "io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrNoProgress": io.ErrNoProgress,
	"io/fs.ErrInvalid": fs.ErrInvalid, "io/fs.ErrPermission": fs.ErrPermission, "io/fs.ErrExist": fs.ErrExist,
	"io/fs.ErrNotExist": fs.ErrNotExist, "io/fs.ErrClosed": fs.ErrClosed, "io/fs.SkipDir": fs.SkipDir, "io/fs.SkipAll": fs.SkipAll,
	"mime.ErrInvalidMediaParameter": mime.ErrInvalidMediaParameter, "mime/multipart.ErrMessageTooLarge": multipart.ErrMessageTooLarge,
	"net.ErrClosed": net.ErrClosed, "net/http.ErrAbortHandler": http.ErrAbortHandler, "net/http.ErrServerClosed": http.ErrServerClosed,
	"net/http.ErrHandlerTimeout": http.ErrHandlerTimeout, "net/http.ErrBodyNotAllowed": http.ErrBodyNotAllowed,
	"net/http.ErrNotSupported": http.ErrNotSupported, "net/http.ErrNoCookie": http.ErrNoCookie, "net/http.ErrNoLocation": http.ErrNoLocation,
	"net/http.ErrUseLastResponse": http.ErrUseLastResponse, "net/http.ErrMissingFile": http.ErrMissingFile,
	"net/http.ErrMissingBoundary": http.ErrMissingBoundary, "net/http.ErrNotMultipart": http.ErrNotMultipart,
	"net/http.ErrContentLength": http.ErrContentLength, "net/http.ErrHijacked": http.ErrHijacked,
	"os.ErrDeadlineExceeded": os.ErrDeadlineExceeded, "os.ErrProcessDone": os.ErrProcessDone,
	"path.ErrBadPattern": path.ErrBadPattern, "path/filepath.ErrBadPattern": filepath.ErrBadPattern,
	"strconv.ErrRange": strconv.ErrRange, "strconv.ErrSyntax": strconv.ErrSyntax,
}
