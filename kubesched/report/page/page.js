"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const main = document.getElementById("main");
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = Math.max(300, Math.min(560, main.clientWidth - 24)), HEIGHT = 240, LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 24;

  function add(parent, tag, text, attributes) {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    parent.append(node);
    return node;
  }

  function draw(parent, tag, attributes, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  }

  const number = (value) => {
    const size = Math.abs(value);
    if (size >= 1e6) return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 2 });
    const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 3;
    return value.toLocaleString("en", { maximumFractionDigits: digits });
  };

  function timeUnit(span) {
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    return units.find(([seconds]) => span >= 3 * seconds) || units[3];
  }

  function step(span, count) {
    const rough = span / count, power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  }

  function ticks(high, count) {
    if (!(high > 0)) return [0];
    const size = step(high, count), found = [];
    for (let value = 0; value <= high * 1.0001; value += size) found.push(value);
    return found;
  }

  function card(parent, title, isWide) {
    const section = add(parent, "section", null, isWide ? { class: "wide" } : {});
    add(section, "h2", title);
    return section;
  }

  function lineChart(parent, chart) {
    const section = card(parent, chart.unit ? `${chart.title} (${chart.unit})` : chart.title);
    const { times, lines } = chart;
    if (!lines.length || !times.length) {
      add(section, "p", "nothing to show", { class: "dim" });
      return;
    }
    const first = times[0], span = times[times.length - 1] - first || 1;
    const [seconds, unit] = timeUnit(span);
    let high = 0;
    for (const line of lines) for (const value of line.values) high = Math.max(high, value);
    if (chart.unit.startsWith("%")) high = high > 60 ? Math.max(high, 100) : high;
    high = high || 1;
    const x = (time) => LEFT + ((time - first) / span) * (WIDTH - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - (value / high) * (HEIGHT - TOP - BOTTOM);
    const label = `${chart.title}: ${lines.map((line) => line.name).join(", ")} over time`;
    const svg = draw(section, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, tabindex: 0 });
    for (const value of ticks(high, 4)) {
      draw(svg, "line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) });
      draw(svg, "text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, number(value));
    }
    for (const value of ticks(span / seconds, WIDTH / 90)) {
      const at = LEFT + ((value * seconds) / span) * (WIDTH - LEFT - RIGHT);
      draw(svg, "text", { x: at, y: HEIGHT - 6, "text-anchor": "middle" }, `${number(value)} ${unit}`);
    }
    lines.forEach((line, i) => {
      let path = "";
      line.values.forEach((value, at) => {
        const px = x(times[at]).toFixed(1), py = y(value).toFixed(1);
        path += at ? `H${px}V${py}` : `M${px} ${py}`;
      });
      draw(svg, "path", { class: "curve", d: path }).style.stroke = `var(--c${i % 8})`;
    });
    const legend = add(section, "div", null, { class: "legend" });
    lines.forEach((line, i) => {
      const entry = add(legend, "span");
      entry.style.color = `var(--c${i % 8})`;
      add(entry, "b", line.name);
    });
    const read = add(section, "div", "", { class: "read", "aria-live": "polite" });
    const cursor = draw(svg, "line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    let at = -1;
    const show = (index) => {
      at = Math.min(Math.max(index, 0), times.length - 1);
      cursor.setAttribute("x1", x(times[at]));
      cursor.setAttribute("x2", x(times[at]));
      cursor.setAttribute("visibility", "visible");
      const values = lines.map((line) => `${line.name} ${number(line.values[at])}`);
      read.textContent = `${number((times[at] - first) / seconds)} ${unit}: ${values.join(" · ")}`;
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const time = first + (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * span;
      let low = 0, top = times.length - 1;
      while (low < top) {
        const middle = (low + top) >> 1;
        if (times[middle] < time) low = middle + 1; else top = middle;
      }
      show(low);
    });
    svg.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      show(at + (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? 20 : 1));
    });
    dataTable(section, [`time (${unit})`, ...lines.map((line) => line.name)], times.length, (row) => [
      number((times[row] - first) / seconds), ...lines.map((line) => number(line.values[row])),
    ]);
  }

  function dataTable(parent, header, count, cells) {
    const details = add(parent, "details");
    add(details, "summary", "as a table");
    details.addEventListener("toggle", () => {
      if (details.querySelector("table")) return;
      const table = add(add(details, "div", null, { class: "scroll", tabindex: 0 }), "table");
      const head = add(add(table, "thead"), "tr");
      for (const name of header) add(head, "th", name, { scope: "col" });
      const body = add(table, "tbody");
      for (let row = 0; row < count; row++) {
        const line = add(body, "tr");
        for (const cell of cells(row)) add(line, "td", cell);
      }
    });
  }

  function bars(section, rows) {
    const most = Math.max(1, ...rows.map(([, count]) => count));
    for (const [name, count] of rows) {
      const row = add(section, "div", null, { class: "bar" });
      add(row, "span", name);
      const bar = add(row, "div");
      if (count) add(bar, "i").style.width = `${(100 * count) / most}%`;
      add(row, "b", number(count));
    }
  }

  function colour(percent) {
    if (percent < 0) return "rgba(128,128,128,.15)";
    return `hsl(212 90% 45% / ${0.06 + 0.0094 * Math.min(percent, 100)})`;
  }

  function heatMap(parent, heat) {
    const section = card(parent, "Nodes at the end, by what is requested of them", true);
    const count = heat.nodes.length;
    if (!count) {
      add(section, "p", "no node is there at the end", { class: "dim" });
      return;
    }
    const buttons = add(section, "div", null, { role: "group", "aria-label": "resource" });
    const columns = Math.min(count, Math.max(20, Math.ceil(Math.sqrt(count * 4))));
    const rows = Math.ceil(count / columns), cell = Math.max(4, Math.min(18, Math.floor(1120 / columns)));
    const canvas = add(section, "canvas", null, { width: columns * cell, height: rows * cell, role: "img", tabindex: 0 });
    canvas.style.maxWidth = `${columns * cell}px`;
    const read = add(section, "div", "", { class: "read", "aria-live": "polite" });
    const scale = add(section, "div", null, { class: "scale" });
    add(scale, "span", "0 %");
    const strip = add(scale, "canvas", null, { width: 120, height: 1, "aria-hidden": "true" });
    for (let i = 0; i < 120; i++) {
      const pen = strip.getContext("2d");
      pen.fillStyle = colour(i / 1.19);
      pen.fillRect(i, 0, 1, 1);
    }
    add(scale, "span", "100 %, grey: has none of it");
    let resource = Object.keys(heat.shares)[0], at = -1;
    const paint = () => {
      const pen = canvas.getContext("2d"), gap = cell > 5 ? 1 : 0;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      heat.shares[resource].forEach((percent, i) => {
        pen.fillStyle = colour(percent);
        pen.fillRect((i % columns) * cell, Math.floor(i / columns) * cell, cell - gap, cell - gap);
      });
      canvas.setAttribute("aria-label", `${resource} requested on each of ${count} nodes`);
      for (const button of buttons.children) button.setAttribute("aria-pressed", button.textContent === resource);
    };
    const show = (index) => {
      if (index < 0 || index >= count) return;
      at = index;
      const percent = heat.shares[resource][at];
      read.textContent = `${heat.nodes[at]}: ${percent < 0 ? "none" : `${percent} %`} of ${resource}`;
    };
    for (const name of Object.keys(heat.shares)) {
      add(buttons, "button", name, { type: "button" }).addEventListener("click", () => {
        resource = name;
        paint();
        show(at);
      });
    }
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
      show(Math.floor(((event.clientY - box.top) / box.height) * rows) * columns + column);
    });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
      if (!(event.key in moves)) return;
      event.preventDefault();
      show(at < 0 ? 0 : at + moves[event.key]);
    });
    paint();
    const names = Object.keys(heat.shares);
    dataTable(section, ["node", ...names.map((name) => `${name} %`)], count, (row) => [
      heat.nodes[row], ...names.map((name) => (heat.shares[name][row] < 0 ? "-" : heat.shares[name][row])),
    ]);
  }

  const facts = add(main, "dl", null, { class: "facts" });
  for (const [name, text] of figures.facts) {
    const fact = add(facts, "div");
    add(fact, "dt", name);
    add(fact, "dd", text);
  }
  const cards = add(main, "div", null, { class: "cards" });
  for (const chart of figures.charts) lineChart(cards, chart);
  const waits = card(cards, "Time in the queue");
  bars(waits, figures.waits.bars);
  const quantiles = Object.entries(figures.waits.quantiles).map(([name, value]) => `${name} ${number(value)} s`);
  add(waits, "p", quantiles.join(" · "), { class: "dim" });
  if (figures.reasons.length) {
    const reasons = card(cards, "Why pods were never placed");
    reasons.classList.add("reasons");
    bars(reasons, figures.reasons);
  }
  heatMap(cards, figures.heat);
  if (figures.notes.length) {
    const notes = card(cards, "Notes", true);
    const list = add(notes, "ul");
    for (const note of figures.notes) add(list, "li", note);
  }
})();
