// Tables that sort by a click on a heading, or by keys, and show more rows when asked.

const SHOWN = 15;
const MORE = 200; // rows that are added at a time: a phone draws them at once

const collator = new Intl.Collator("zh-Hant-TW", { numeric: true });

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(String(a), String(b));
}

/**
 * Draw into `host`. `spec`: id (what a person sorted by is kept under it), caption, rows, shown?, plain? (not sorted),
 * sort? ([column, down]), headed? (a heading above says what it is), mark? (row → whether it stands out), columns: [{ name, unit?, get(row), cell?(row), text? }].
 * `get` gives what is sorted by (null comes last, always), `cell` what is shown: a text or an element.
 */
function table(host, spec) {
  if (!spec.rows.length) {
    host.append(h("p", { class: "none" }, t("no_rows")));
    return;
  }
  const memory = (kept[spec.id] = kept[spec.id] || { sort: spec.sort || null });
  let shown = spec.shown || SHOWN;
  const body = h("tbody");
  const more = h("p", { class: "more" });
  const heads = spec.columns.map((column, index) => heading(spec, memory, column, index, () => draw()));
  const drawn = h("table", { class: spec.columns.length < 4 ? "narrow" : null }, h("caption", { class: spec.headed ? "unseen" : null }, spec.caption), h("thead", {}, h("tr", {}, heads)), body);
  host.append(h("div", { class: "table", tabindex: "0", role: "region", "aria-label": spec.caption }, drawn), more);

  function draw() {
    const rows = sorted(spec, memory);
    spec.columns.forEach((_, index) => {
      const [column, down] = memory.sort || [];
      heads[index].setAttribute("aria-sort", column === index ? (down ? "descending" : "ascending") : "none");
    });
    body.replaceChildren(...rows.slice(0, shown).map((row) => h("tr", { class: spec.mark && spec.mark(row) ? "marked" : null },
      spec.columns.map((column, index) => h(index === 0 ? "th" : "td", {
        class: column.text ? "text" : "number", scope: index === 0 ? "row" : null,
      }, column.cell ? column.cell(row) : column.get(row))))));
    const left = rows.length - shown;
    more.replaceChildren(...(left > 0 ? [
      h("button", { type: "button", onclick: () => { shown += MORE; draw(); } },
        t("more_rows", { more: Math.min(left, MORE), all: number(rows.length) })),
      h("span", { class: "print-only" }, t("shown_rows", { shown: number(shown), all: number(rows.length) })),
    ] : []));
  }
  draw();
}

function heading(spec, memory, column, index, redraw) {
  const title = [column.name, column.unit ? h("small", {}, ` ${column.unit}`) : null];
  if (spec.plain) return h("th", { scope: "col", class: column.text ? "text" : "number" }, title);
  const sortBy = () => {
    const [last, down] = memory.sort || [];
    memory.sort = [index, last === index ? !down : !column.text];
    redraw();
  };
  return h("th", { scope: "col", class: column.text ? "text" : "number" },
    h("button", { type: "button", title: t("sort_by", { name: column.name }), onclick: sortBy }, title));
}

function sorted(spec, memory) {
  if (spec.plain || !memory.sort) return spec.rows;
  const [index, down] = memory.sort;
  const { get } = spec.columns[index];
  const there = spec.rows.filter((row) => known(get(row)));
  const missing = spec.rows.filter((row) => !known(get(row)));
  there.sort((a, b) => (down ? compare(get(b), get(a)) : compare(get(a), get(b))));
  return [...there, ...missing];
}
