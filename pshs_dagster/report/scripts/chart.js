// A chart over months: panels above each other that share their months and their pointer. SVG, so that it is sharp on
// paper and takes its colours from the style. It can be read by pointer, touch and keys, and as a table.

const PANEL_TALL = { main: 210, small: 90 };
const EDGE = { left: 52, right: 14, top: 22, bottom: 24, gap: 26 };

/** Round steps for an axis from low to high; some four of them. */
function ticks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.floor(low / step); at * step < high + step; at += 1) found.push(at * step);
  return found;
}

/**
 * Draw into `host`. `spec`: name; from and to (month numbers); panels, each { title, low?, line?, high?, bars?, zero?,
 * spell, small? } with values by month number (bars are [{ values, tone }], stacked); tell(month) → [[name, value]…].
 */
function chart(host, spec) {
  const months = [];
  for (let month = spec.from; month <= spec.to; month += 1) months.push(month);
  const has = (panel) => (panel.bars ? panel.bars.map((bar) => bar.values) : [panel.line]);
  const empty = !spec.panels.some((panel) => has(panel).some((values) => months.some((month) => known(values[month]))));
  if (empty || months.length === 0) {
    host.append(h("p", { class: "none" }, t("no_chart")));
    return;
  }
  const figure = h("figure", { class: "chart" }, h("figcaption", {}, spec.name));
  const stage = h("div", { class: "stage" });
  const tip = h("div", { class: "tip", hidden: true });
  figure.append(stage, h("p", { class: "chart-help" }, t("chart_help")), chartTable(spec, months));
  host.append(figure);
  const draw = () => drawPanels(stage, tip, spec, months);
  draw();
  let width = stage.clientWidth;
  new ResizeObserver(() => {
    if (stage.isConnected && Math.abs(stage.clientWidth - width) > 1) {
      width = stage.clientWidth;
      draw();
    }
  }).observe(stage);
}

function drawPanels(stage, tip, spec, months) {
  const width = Math.max(stage.clientWidth, 280);
  const x = (month) => EDGE.left + ((month - spec.from + 0.5) / months.length) * (width - EDGE.left - EDGE.right);
  let top = EDGE.top;
  const shapes = [];
  for (const panel of spec.panels) {
    const tall = panel.small ? PANEL_TALL.small : PANEL_TALL.main;
    shapes.push(drawPanel(panel, months, x, top, tall, width));
    top += tall + EDGE.gap + 8;
  }
  const height = top - 8;
  const cursor = s("line", { class: "cursor", y1: EDGE.top, y2: height - EDGE.gap, visibility: "hidden" });
  const picture = s("svg", {
    viewBox: `0 0 ${width} ${height}`, width: "100%", role: "slider", tabindex: "0", "aria-label": spec.name,
    "aria-valuemin": 0, "aria-valuemax": months.length - 1, "aria-valuenow": months.length - 1,
    "aria-valuetext": told(spec, months[months.length - 1]),
  }, shapes, monthAxis(months, x, height - EDGE.gap, width), cursor);
  stage.replaceChildren(picture, tip);
  readable(picture, { stage, tip, cursor, spec, months, x, width });
}

const told = (spec, month) => [MONTHS[month], ...spec.tell(month).map((pair) => pair.join(" "))].join("; ");

function drawPanel(panel, months, x, top, tall, width) {
  const [low, high] = extent(panel, months);
  const steps = ticks(low, high);
  const least = steps[0];
  const most = steps[steps.length - 1];
  const y = (value) => top + tall - ((value - least) / (most - least || 1)) * tall;
  const decimals = Math.max(0, ...steps.map((step) => (String(+step.toFixed(2)).split(".")[1] || "").length));
  const shapes = [s("text", { class: "panel", x: 4, y: top - 9 }, panel.title)];
  for (const step of steps) {
    shapes.push(s("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(step), y2: y(step) }));
    shapes.push(s("text", { class: "tick", x: EDGE.left - 6, y: y(step) + 4, "text-anchor": "end" }, number(step, decimals)));
  }
  if (panel.bars) shapes.push(...bars(panel, months, x, y, width));
  if (panel.low) shapes.push(...bands(panel, months, x, y));
  if (panel.line) shapes.push(...lines(panel.line, months, x, y));
  return s("g", {}, shapes);
}

function extent(panel, months) {
  const values = panel.bars
    ? months.map((month) => sum(panel.bars.map((bar) => bar.values[month])))
    : [panel.low, panel.line, panel.high].filter(Boolean).flatMap((series) => months.map((month) => series[month]));
  const there = values.filter(known);
  const high = Math.max(...there);
  const low = panel.bars || panel.zero ? 0 : Math.min(...there);
  return [low, Math.max(high, low + (panel.least || 0.001))];
}

/** Runs of months that have a value, so that nothing is drawn across a gap. */
function runs(values, months) {
  const found = [];
  let run = [];
  for (const month of months) {
    if (known(values[month])) run.push(month);
    else if (run.length) found.push(run.splice(0));
  }
  if (run.length) found.push(run);
  return found;
}

function lines(values, months, x, y) {
  const shapes = [];
  for (const run of runs(values, months)) {
    run.slice(1).forEach((month, index) => {
      const before = run[index];
      const open = PROVISIONAL.has(month) || PROVISIONAL.has(before);
      shapes.push(s("line", {
        class: open ? "line open" : "line", x1: x(before), y1: y(values[before]), x2: x(month), y2: y(values[month]),
      }));
    });
    for (const month of run) {
      shapes.push(s("circle", {
        class: PROVISIONAL.has(month) ? "dot open" : "dot", cx: x(month), cy: y(values[month]), r: months.length > 40 ? 2.2 : 3,
      }));
    }
  }
  return shapes;
}

function bands(panel, months, x, y) {
  const shapes = [];
  for (const run of runs(panel.low, months)) {
    // A month in gray is a band of its own, from its neighbour on.
    let piece = [];
    const flush = (open) => {
      if (piece.length > 1) {
        const above = piece.map((month) => `${x(month)},${y(panel.high[month])}`);
        const below = piece.map((month) => `${x(month)},${y(panel.low[month])}`).reverse();
        shapes.push(s("polygon", { class: open ? "band open" : "band", points: [...above, ...below].join(" ") }));
      }
    };
    let openPiece = false;
    for (const month of run) {
      const last = piece[piece.length - 1];
      const open = PROVISIONAL.has(month) || (last !== undefined && PROVISIONAL.has(last));
      if (piece.length > 1 && open !== openPiece) {
        flush(openPiece);
        piece = [last];
      }
      openPiece = open;
      piece.push(month);
    }
    flush(openPiece);
    if (run.length === 1) {
      const [month] = run;
      shapes.push(s("line", { class: "whisker", x1: x(month), x2: x(month), y1: y(panel.low[month]), y2: y(panel.high[month]) }));
    }
  }
  return shapes;
}

function bars(panel, months, x, y, width) {
  const wide = Math.max(1.5, ((width - EDGE.left - EDGE.right) / months.length) * 0.7);
  const shapes = [];
  for (const month of months) {
    let base = 0;
    for (const { values, tone } of panel.bars) {
      const value = values[month] || 0;
      if (value) {
        shapes.push(s("rect", {
          class: `bar ${tone}${PROVISIONAL.has(month) ? " open" : ""}`,
          x: x(month) - wide / 2, width: wide, y: y(base + value), height: Math.max(0.5, y(base) - y(base + value)),
        }));
      }
      base += value;
    }
  }
  return shapes;
}

function monthAxis(months, x, y, width) {
  const room = Math.max(1, Math.floor((width - EDGE.left - EDGE.right) / 56));
  const every = [1, 2, 3, 6, 12, 24].find((step) => months.length / step <= room) || 24;
  const shown = months.filter((month) => (Number(MONTHS[month].slice(5)) - 1) % every === 0
    && (every < 24 || Number(MONTHS[month].slice(0, 4)) % 2 === 0));
  return s("g", {}, shown.map((month) => s("text", {
    class: "tick", x: x(month), y: y + 17, "text-anchor": "middle",
  }, every >= 12 ? MONTHS[month].slice(0, 4) : MONTHS[month])));
}

/** Let a person read a month by pointer, touch or keys. */
function readable(picture, { stage, tip, cursor, spec, months, x, width }) {
  let at = months.length - 1;
  const show = (index) => {
    at = Math.min(Math.max(index, 0), months.length - 1);
    const month = months[at];
    const rows = spec.tell(month);
    tip.replaceChildren(
      h("b", {}, MONTHS[month], PROVISIONAL.has(month) ? ` ${t("provisional")}` : ""),
      h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    );
    tip.hidden = false;
    const scale = stage.clientWidth / width;
    const left = x(month) * scale;
    const room = stage.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(0, Math.min(left > stage.clientWidth / 2 ? left - tip.offsetWidth - 12 : left + 12, room))}px`;
    cursor.setAttribute("x1", x(month));
    cursor.setAttribute("x2", x(month));
    cursor.setAttribute("visibility", "visible");
    picture.setAttribute("aria-valuenow", at);
    picture.setAttribute("aria-valuetext", told(spec, month));
  };
  const hide = () => {
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  const follow = (event) => {
    const box = picture.getBoundingClientRect();
    const inside = ((event.clientX - box.left) / box.width) * width - EDGE.left;
    show(Math.floor((inside / (width - EDGE.left - EDGE.right)) * months.length));
  };
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12, Home: -1e6, End: 1e6 };
  picture.addEventListener("pointermove", follow);
  picture.addEventListener("pointerdown", follow);
  picture.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
  picture.addEventListener("focus", () => picture.matches(":focus-visible") && show(at));
  picture.addEventListener("blur", hide);
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    else if (event.key in steps) {
      event.preventDefault();
      show(at + steps[event.key]);
    }
  });
}

/** What the chart shows, as a table, made when it is opened. */
function chartTable(spec, months) {
  const details = h("details", { class: "chart-data" }, h("summary", {}, t("data_table")));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const names = spec.tell(months[0]).map(([name]) => name);
    const columns = [
      { name: t("month"), get: (month) => MONTHS[month], text: true },
      ...names.map((name, index) => ({ name, get: (month) => month, cell: (month) => spec.tell(month)[index][1] })),
    ];
    table(details, { id: "chart", caption: spec.name, columns, rows: [...months].reverse(), plain: true, shown: 1e6 });
  });
  return details;
}
