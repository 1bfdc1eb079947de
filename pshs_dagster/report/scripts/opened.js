// Projects that opened within the last year, by span and size.

function drawOpened(host) {
  if (!DATA.last_complete) {
    host.append(h("p", { class: "none" }, t("opened_none")));
    return;
  }
  kept.months = kept.months || 6;
  kept.size = kept.size || "";
  const again = (key) => (value) => {
    kept[key] = value;
    redraw("opened");
  };
  host.append(about(t("opened_about", { month: DATA.last_complete })));
  host.append(h("p", { class: "controls" },
    choice(t("span"), [1, 3, 6].map((months) => [months, t("last_months", { number: months })]), kept.months, again("months")),
    choice(t("size"), [["", t("all_sizes")], ...SIZES.map((size) => [size, t(`size_${size}`)])], kept.size, again("size"))));
  const rows = OPENED.filter((row) => row.months === kept.months && (!kept.size || row.size === kept.size) && within(row.place, state));
  const projects = new Set(rows.map((row) => `${row.place} ${row.name}`));
  host.append(figures([
    [t("opened_projects"), number(projects.size), t("unit_projects")],
    [t("deals"), number(sum(rows.map((row) => row.deals))), t("unit_deals")],
  ]));
  table(host, {
    id: `opened-${placeColumn().length}`,
    caption: `${chosenName()}${language ? ": " : "："}${t("opened")}${language ? ", " : "，"}${t("last_months", { number: kept.months })}`,
    rows,
    sort: [3 + placeColumn().length, true],
    columns: [
      projectColumn(),
      ...placeColumn(),
      { name: t("opened_on"), get: (row) => row.opened },
      { name: t("size"), get: (row) => SIZES.indexOf(row.size), cell: (row) => t(`size_${row.size}`) },
      { name: t("deals"), unit: t("unit_deals"), get: (row) => row.deals, cell: (row) => number(row.deals) },
      { name: t("median_unit_price"), unit: t("unit_ping_price"), get: (row) => row.median_unit, cell: (row) => unitPrice(row.median_unit) },
      { name: t("mean_unit_price"), unit: t("unit_ping_price"), get: (row) => row.mean_unit, cell: (row) => unitPrice(row.mean_unit) },
      { name: t("median_total_price"), unit: t("unit_price"), get: (row) => row.median_total, cell: (row) => totalPrice(row.median_total) },
      { name: t("mean_total_price"), unit: t("unit_price"), get: (row) => row.mean_total, cell: (row) => totalPrice(row.mean_total) },
    ],
  });
}

const projectColumn = () => ({ name: t("project"), text: true, get: (row) => row.name, cell: (row) => row.name || t("unnamed") });

/** Where a row is, as far as it is not chosen already: a column or none. */
function placeColumn() {
  if (state.district) return [];
  const name = (row) => (state.city ? DATA.places[row.place][1] : placeName(DATA.places[row.place]));
  return [{ name: t("place"), text: true, get: name }];
}
