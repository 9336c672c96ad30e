package install

import "github.com/loadgo/load/find"

// Would tells what each installer would do about a name that the path does not know. claims is the
// place of the first that claims it, or -1; off says that nothing is installed.
func Would(installers []Installer, claims int, off bool) []find.Tried {
	tried := make([]find.Tried, len(installers))
	for i, installer := range installers {
		tried[i] = find.Tried{Who: find.Describe(installer), Answer: "not its kind of name"}
		switch {
		case claims >= 0 && i > claims:
			tried[i].Answer = "not asked: " + tried[claims].Who + " claims the name"
		case i == claims && off:
			tried[i].Answer = "installs are turned off"
		case i == claims:
			tried[i].Answer = "it would be asked to install it"
		}
	}
	return tried
}
