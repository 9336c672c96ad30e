package webclient

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/loadgo/load/internal/regular"
)

// NetrcFile returns the file where the go command looks for credentials: the one that the setting
// NETRC names, or else the one in the home directory; "" if there is no such directory.
func NetrcFile(setting string) string {
	if setting != "" {
		return setting
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if old := filepath.Join(home, "_netrc"); runtime.GOOS == "windows" {
		if _, err := os.Stat(old); err == nil {
			return old
		}
	}
	return filepath.Join(home, ".netrc")
}

// readNetrc returns the credentials that a netrc file holds, by host. A file that cannot be read
// holds none; a "default" entry is not used, as by the go command.
func readNetrc(file string) map[string]*url.Userinfo {
	if file == "" {
		return nil
	}
	data, err := regular.Read(file, 1<<20)
	if err != nil {
		return nil
	}
	return parseNetrc(string(data))
}

// parseNetrc reads a netrc file. The first entry of a host counts.
func parseNetrc(data string) map[string]*url.Userinfo {
	users := make(map[string]*url.Userinfo)
	var machine, login, password string
	inMacro := false
	for line := range strings.Lines(data) {
		if inMacro {
			inMacro = strings.TrimSpace(line) != ""
			continue
		}
		fields := strings.Fields(line)
		for i := 0; i < len(fields); i++ {
			if fields[i] == "default" { // it is the last entry
				return users
			}
			if fields[i] == "macdef" {
				inMacro = true
				break
			}
			if i+1 == len(fields) {
				break
			}
			i++
			switch fields[i-1] {
			case "machine":
				machine, login, password = fields[i], "", ""
			case "login":
				login = fields[i]
			case "password":
				password = fields[i]
			}
			if machine != "" && login != "" && password != "" && users[machine] == nil {
				users[machine] = url.UserPassword(login, password)
			}
		}
	}
	return users
}
