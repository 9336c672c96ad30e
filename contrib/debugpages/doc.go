// Package debugpages tries the pages of package httpdebug in Chromium. It is a module of its own,
// so that package load needs nothing of chromedp.
//
// CHROMIUM names the browser, or else it is the chromium of the path; AXE names the file
// axe.min.js of axe-core. Where there is no browser, the tests say so and pass. SCREENSHOTS=DIR
// writes those of the documentation:
//
//	SCREENSHOTS=../../docs/images go test .
package debugpages
