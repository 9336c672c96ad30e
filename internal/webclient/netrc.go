package webclient

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// NetrcFile returns the file where the go command looks for credentials: the one that the setting NETRC names,
// or else the one in the home directory; "" where there is no such directory.
func NetrcFile(setting string) string {
	if setting != "" {
		return setting
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if runtime.GOOS == "windows" {
		return filepath.Join(home, "_netrc")
	}
	return filepath.Join(home, ".netrc")
}

// NetrcUser returns the credentials that a netrc file holds for a host, or nil. A file that cannot be
// read holds none; a "default" entry is not used, as by the go command.
func NetrcUser(file, host string) *url.Userinfo {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return parseNetrc(string(data), host)
}

func parseNetrc(data, host string) *url.Userinfo {
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
				return nil
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
			if machine == host && login != "" && password != "" {
				return url.UserPassword(login, password)
			}
		}
	}
	return nil
}
