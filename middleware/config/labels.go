package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Plugin is a use of a plugin that labels describe.
type Plugin struct {
	Name   string // of the middleware
	Plugin string // the name by which the host knows the plugin
	Values map[string]any
}

// Labels reads Docker labels: traefik.http.middlewares.NAME.plugin.PLUGIN.KEY=VALUE, where KEY
// leads into structs and maps by dots and into lists by indices, "rewrites[0].regex". Each value is
// a text. It returns the plugins sorted by name, and skips labels of anything else.
func Labels(labels map[string]string) ([]Plugin, error) {
	roots := make(map[[2]string]*node)
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		name, plugin, key, ok := cutLabel(label)
		if !ok {
			continue
		}
		if name == "" || plugin == "" {
			return nil, fmt.Errorf("label %s: it names no middleware or no plugin", label)
		}
		root := roots[[2]string{name, plugin}]
		if root == nil {
			root = &node{label: label}
			roots[[2]string{name, plugin}] = root
		}
		if err := root.set(label, key, labels[label]); err != nil {
			return nil, fmt.Errorf("label %s: %w", label, err)
		}
	}
	var plugins []Plugin
	for _, id := range slices.SortedFunc(maps.Keys(roots), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if n := len(plugins); n > 0 && plugins[n-1].Name == id[0] {
			return nil, fmt.Errorf("middleware %s is two plugins, %s and %s", id[0], plugins[n-1].Plugin, id[1])
		}
		values, err := roots[id].values()
		if err != nil {
			return nil, err
		}
		plugins = append(plugins, Plugin{Name: id[0], Plugin: id[1], Values: values})
	}
	return plugins, nil
}

// cutLabel takes the parts of a plugin's label. The words of its own match in any case.
func cutLabel(label string) (name, plugin, key string, ok bool) {
	parts := strings.SplitN(label, ".", 7)
	for i, word := range []string{"traefik", "http", "middlewares", "", "plugin"} {
		if len(parts) < 6 || word != "" && !strings.EqualFold(parts[i], word) {
			return "", "", "", false
		}
	}
	if len(parts) == 7 {
		key = parts[6]
	}
	return parts[3], parts[5], key, true
}

// node is a part of what labels describe: a text, a struct or map, or a list.
type node struct {
	label string // the first that leads here
	text  *string
	names map[string]*node
	items map[int]*node
}

// set sets the text to which a key leads.
func (n *node) set(label, key, text string) error {
	if key == "" && len(strings.Split(label, ".")) == 6 { // the plugin without a configuration
		if text != "" && text != "true" {
			return fmt.Errorf("a plugin is no value: set its fields")
		}
		return nil
	}
	for part := range strings.SplitSeq(key, ".") {
		name, indices, indexed := strings.Cut(part, "[")
		if name == "" {
			return fmt.Errorf("%q has an empty name", key)
		}
		var err error
		if n, err = n.member(label, name); err != nil {
			return err
		}
		for indexed {
			var index, rest string
			if index, rest, indexed = strings.Cut(indices, "]"); !indexed {
				return fmt.Errorf("%q lacks a closing ]", part)
			}
			if n, err = n.item(label, index); err != nil {
				return err
			}
			if rest == "" {
				break
			}
			if indices, indexed = strings.CutPrefix(rest, "["); !indexed {
				return fmt.Errorf("%q goes on after its ]", part)
			}
		}
	}
	if n.text != nil || n.names != nil || n.items != nil {
		return fmt.Errorf("%s sets it, too", n.label)
	}
	n.text = &text
	return nil
}

// member returns the node of a name. Names that differ by case alone are one, spelled as the first
// of them, as fields of structs are.
func (n *node) member(label, name string) (*node, error) {
	if n.text != nil || n.items != nil {
		return nil, fmt.Errorf("%s makes it something without names", n.label)
	}
	if n.names == nil {
		n.names = make(map[string]*node)
	}
	for known, child := range n.names {
		if strings.EqualFold(known, name) {
			return child, nil
		}
	}
	n.names[name] = &node{label: label}
	return n.names[name], nil
}

// item returns the node of an index.
func (n *node) item(label, index string) (*node, error) {
	i, err := strconv.ParseUint(index, 10, 31)
	if err != nil || strconv.FormatUint(i, 10) != index {
		return nil, fmt.Errorf("%q is not a list index", index)
	}
	if n.text != nil || n.names != nil {
		return nil, fmt.Errorf("%s makes it something other than a list", n.label)
	}
	if n.items == nil {
		n.items = make(map[int]*node)
	}
	if n.items[int(i)] == nil {
		n.items[int(i)] = &node{label: label}
	}
	return n.items[int(i)], nil
}

// values returns the members as plain values.
func (n *node) values() (map[string]any, error) {
	values := make(map[string]any, len(n.names))
	for name, child := range n.names {
		value, err := child.value()
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// value returns the node as a plain value. A list has no gaps.
func (n *node) value() (any, error) {
	if n.text != nil {
		return *n.text, nil
	}
	if n.items == nil {
		return n.values()
	}
	list := make([]any, len(n.items))
	for i := range list {
		item := n.items[i]
		if item == nil {
			return nil, fmt.Errorf("label %s: its list has no element [%d]", n.label, i)
		}
		value, err := item.value()
		if err != nil {
			return nil, err
		}
		list[i] = value
	}
	return list, nil
}
