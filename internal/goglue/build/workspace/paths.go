package workspace

// Import paths within the main module that a package is built in. Its name has no dot, so no
// registry has a module of that name.
const (
	GlueModule         = "loadglue"
	GuestPath          = GlueModule + "/guest"
	GuestAnyPath       = GlueModule + "/guestany"
	GuestJSONPath      = GlueModule + "/guestjson"
	GuestHTTPPath      = GlueModule + "/guesthttp"
	GuestFSPath        = GlueModule + "/guestfs"
	GuestStreamPath    = GlueModule + "/gueststream"
	GuestAskedPath     = GlueModule + "/guestasked"
	guestInputPath     = GlueModule + "/guestinput"
	guestWaitPath      = GlueModule + "/guestwait"
	guestErrorPath     = GlueModule + "/guesterror"
	guestGoroutinePath = GlueModule + "/guestgoroutine"
	guestCancelPath    = GlueModule + "/guestcancel"
	guestAheadPath     = GlueModule + "/guestahead"
	WirePath           = GlueModule + "/wire"
	dynamicPath        = GlueModule + "/wire/dynamic"
	loosePath          = GlueModule + "/module/" // followed by the package's name: a directory without go.mod
)
