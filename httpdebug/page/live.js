"use strict";
// Figures and events follow without a reload of the page. Everything is set as text, never as HTML.
const size = (n) => n < 1024 ? n + " B" : n < 1048576 ? (n / 1024).toFixed(1) + " KiB" : (n / 1048576).toFixed(1) + " MiB";
const took = (s) => s < 1e-3 ? Math.round(s * 1e6) + "µs" : s < 1 ? +(s * 1e3).toFixed(1) + "ms" : s < 60 ? +s.toFixed(2) + "s" : Math.floor(s / 60) + "m" + Math.round(s % 60) + "s";
const rows = new Map();
for (const row of document.querySelectorAll("tr[data-module]")) rows.set(row.dataset.module, row);
const list = document.getElementById("events");
const stale = document.getElementById("stale");
const source = new EventSource(list ? "live?after=" + list.dataset.last : "live");

source.addEventListener("modules", (message) => {
  const modules = JSON.parse(message.data).modules;
  if (stale) stale.hidden = modules.length === rows.size && modules.every((m) => rows.has(m.module));
  for (const m of modules) {
    const row = rows.get(m.module);
    if (!row) continue;
    const show = { calls: m.stats.calls, errors: m.stats.errors, running: m.stats.running };
    const l = m.stats.latency;
    if (l.calls) Object.assign(show, { p50: took(l.p50), p99: took(l.p99) });
    if (m.stats.memory.from) show.memory = size(m.stats.memory.now);
    for (const cell of row.querySelectorAll("[data-field]"))
      if (cell.dataset.field in show) cell.textContent = show[cell.dataset.field];
  }
});

source.onmessage = (message) => {
  if (!list) return;
  const e = JSON.parse(message.data);
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = e.time.slice(0, 19).replace("T", " ");
  item.append(time, " " + e.text);
  list.prepend(item);
  while (list.childElementCount > 200) list.lastElementChild.remove();
};
