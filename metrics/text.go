package metrics

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/report"
)

// sample is one line: a figure with its labels. Labels alternate between names and values.
type sample struct {
	suffix string
	labels []string
	value  float64
}

// family writes samples with what they are. A family without samples is left out.
func family(b *bytes.Buffer, name, kind, unit, help string, samples []sample) {
	if len(samples) == 0 {
		return
	}
	fmt.Fprintf(b, "# TYPE %s %s\n", name, kind)
	if unit != "" {
		fmt.Fprintf(b, "# UNIT %s %s\n", name, unit)
	}
	fmt.Fprintf(b, "# HELP %s %s\n", name, help)
	for _, s := range samples {
		var labels []string
		for label := range slices.Chunk(s.labels, 2) {
			labels = append(labels, fmt.Sprintf(`%s="%s"`, label[0], escape(label[1])))
		}
		b.WriteString(name + s.suffix)
		if len(labels) > 0 {
			fmt.Fprintf(b, "{%s}", strings.Join(labels, ","))
		}
		fmt.Fprintf(b, " %s\n", strconv.FormatFloat(s.value, 'g', -1, 64))
	}
}

// escape writes the value of a label.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "\uFFFD"))
}

// moduleKey is what the series of modules differ by.
type moduleKey struct{ name, version, engine string }

// byKey sums up the figures of modules that are one series, sorted by their keys.
func byKey(modules []report.ModuleInfo) ([]moduleKey, map[moduleKey]report.Stats) {
	sums := make(map[moduleKey]report.Stats)
	for _, m := range modules {
		key := moduleKey{m.Name, m.Version, m.Engine}
		sum, s := sums[key], m.Stats
		sum.Calls += s.Calls
		sum.Errors += s.Errors
		sum.Latency = sum.Latency.Plus(s.Latency)
		sum.Running += s.Running
		sum.Objects += s.Objects
		sum.Memory.Now += s.Memory.Now
		sum.Memory.From = cmp.Or(sum.Memory.From, s.Memory.From)
		sum.Artifact += s.Artifact
		if s.LastUsed.After(sum.LastUsed) {
			sum.LastUsed = s.LastUsed
		}
		sums[key] = sum
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b moduleKey) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.version, b.version), strings.Compare(a.engine, b.engine))
	})
	return keys, sums
}

// write writes all families.
func write(b *bytes.Buffer, info report.Info, events map[string]kind) {
	keys, sums := byKey(info.Modules)
	each := func(suffix string, figure func(report.Stats) (float64, bool)) []sample {
		var samples []sample
		for _, key := range keys {
			if value, known := figure(sums[key]); known {
				samples = append(samples, sample{suffix, []string{"module", key.name, "version", key.version, "engine", key.engine}, value})
			}
		}
		return samples
	}
	family(b, "load_modules", "gauge", "", "Modules that run.", []sample{{"", nil, float64(len(info.Modules))}})
	family(b, "load_module_calls", "counter", "", "Calls of the module that ended.",
		each("_total", func(s report.Stats) (float64, bool) { return float64(s.Calls), true }))
	family(b, "load_module_errors", "counter", "", "Calls that ended by a panic, a crash, a cancellation or a limit.",
		each("_total", func(s report.Stats) (float64, bool) { return float64(s.Errors), true }))
	var latency []sample
	for _, key := range keys {
		latency = append(latency, buckets(sums[key].Latency, "module", key.name, "version", key.version, "engine", key.engine)...)
	}
	family(b, "load_module_call_seconds", "histogram", "seconds", "How long calls of the module took, where its engine measures it.", latency)
	family(b, "load_module_running", "gauge", "", "Calls that run now.",
		each("", func(s report.Stats) (float64, bool) { return float64(s.Running), true }))
	family(b, "load_module_objects", "gauge", "", "Objects of the module that the host holds.",
		each("", func(s report.Stats) (float64, bool) { return float64(s.Objects), true }))
	family(b, "load_module_memory_bytes", "gauge", "bytes", "Memory of the module, where its engine reports it.",
		each("", func(s report.Stats) (float64, bool) { return float64(s.Memory.Now), s.Memory.From != "" }))
	family(b, "load_module_artifact_bytes", "gauge", "bytes", "Size of the compiled module.",
		each("", func(s report.Stats) (float64, bool) { return float64(s.Artifact), s.Artifact > 0 }))
	family(b, "load_module_last_used_seconds", "gauge", "seconds", "When the module was last used, in seconds since 1970.",
		each("", func(s report.Stats) (float64, bool) { return unix(s.LastUsed), !s.LastUsed.IsZero() }))
	writeEvents(b, events)
	b.WriteString("# EOF\n")
}

// buckets are the samples of a histogram: from a microsecond on, each bucket reaches four times as
// far as the one before, up to 17 seconds.
func buckets(l engine.Latency, labels ...string) []sample {
	if l.Calls == 0 {
		return nil
	}
	var samples []sample
	for power := 10; power <= 34; power += 2 {
		most := time.Duration(1) << power
		samples = append(samples, sample{"_bucket", slices.Concat(labels, []string{"le", strconv.FormatFloat(most.Seconds(), 'g', -1, 64)}), float64(l.Within(most))})
	}
	return append(samples,
		sample{"_bucket", slices.Concat(labels, []string{"le", "+Inf"}), float64(l.Calls)},
		sample{"_count", labels, float64(l.Calls)}, sample{"_sum", labels, l.Sum.Seconds()})
}

func writeEvents(b *bytes.Buffer, events map[string]kind) {
	var counts, times []sample
	for _, name := range slices.Sorted(maps.Keys(events)) {
		k, labels := events[name], []string{"event", name}
		counts = append(counts, sample{"_total", labels, float64(k.Count)})
		if k.timed {
			times = append(times, sample{"_count", labels, float64(k.Count)}, sample{"_sum", labels, time.Duration(k.Took).Seconds()})
		}
	}
	family(b, "load_events", "counter", "", "Events by their kind.", counts)
	family(b, "load_event_seconds", "summary", "seconds", "How long what the events tell of took.", times)
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
