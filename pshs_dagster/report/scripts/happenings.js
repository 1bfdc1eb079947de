// What the release told of deals that were known before, each with its old and new value; cancellations by month.

const [WHAT, WHERE, NAME, SERIAL, TRADED, PRICE, OLD, NEW] = [0, 1, 2, 3, 4, 5, 6, 7];

function drawHappenings(host) {
  const counted = (rows) => rows.filter(([place]) => within(place, state));
  const count = (what) => sum(counted(DATA.happenings.counts).filter((row) => row[1] === what).map((row) => row[2]));
  host.append(about(t("happenings_about", { number: number(DATA.happenings.most), each: DATA.happenings.each })));
  host.append(figures(["cancelled", "revised", "withdrawn", "reinstated"].map((what) => [t(`${what}_deals`), number(count(what)), t("unit_deals")])));
  const rows = DATA.happenings.listed.filter((row) => within(row[WHERE], state))
    .map((row) => ({ row, place: row[WHERE], name: DATA.names[row[NAME]], price: row[PRICE] }));
  const of = (what) => rows.filter(({ row }) => row[WHAT] === what);
  const price = { name: t("total_price"), unit: t("unit_price"), get: (each) => each.price, cell: (each) => ntd(each.price) };
  const blank = (text) => text || t("blank");
  happeningTable(host, "cancelled", of("cancelled"), [price, {
    name: t("termination"), text: true, get: ({ row }) => row[NEW], cell: ({ row }) => `${blank(row[OLD])} → ${blank(row[NEW])}`,
  }]);
  const difference = ({ row }) => Number(row[NEW]) - Number(row[OLD]);
  const signed = (value) => (value < 0 ? "−" : "+") + ntd(Math.abs(value));
  const share = (each) => (Number(each.row[OLD]) ? difference(each) / Number(each.row[OLD]) : null);
  happeningTable(host, "revised", of("revised"), [
    { name: t("old_value"), unit: t("unit_price"), get: ({ row }) => Number(row[OLD]), cell: ({ row }) => ntd(Number(row[OLD])) },
    { name: t("new_value"), unit: t("unit_price"), get: ({ row }) => Number(row[NEW]), cell: ({ row }) => ntd(Number(row[NEW])) },
    { name: t("difference"), unit: t("unit_price"), get: (each) => Math.abs(difference(each)), cell: (each) => signed(difference(each)) },
    { name: t("difference_share"), get: share, cell: (each) => percent(share(each), true) },
  ], 2);
  happeningTable(host, "withdrawn", of("withdrawn"), [price, {
    name: t("replaced_by"), text: true, get: ({ row }) => row[NEW] || null, cell: ({ row }) => row[NEW] || t("dash"),
  }]);
  happeningTable(host, "reinstated", of("reinstated"), [price]);
  changedFields(host, counted(DATA.happenings.fields));
  cancelledChart(host);
}

function happeningTable(host, what, rows, columns, by = 0) {
  if (!rows.length) return;
  const places = placeColumn();
  const all = sum(DATA.happenings.counts.filter(([place, of]) => of === what && within(place, state)).map((row) => row[2]));
  host.append(h("h3", {}, all > rows.length
    ? t("listed_of", { name: t(`${what}_deals`), listed: number(rows.length), all: number(all) }) : t(`${what}_deals`)));
  table(host, {
    id: `${what}-${places.length}`,
    caption: `${chosenName()}${language ? ": " : "："}${t(`${what}_deals`)}`,
    rows,
    headed: true,
    shown: 8,
    sort: [3 + places.length + by, true],
    columns: [
      projectColumn(),
      ...places,
      { name: t("traded_on"), get: ({ row }) => row[TRADED] },
      { name: t("serial"), text: true, get: ({ row }) => row[SERIAL] },
      ...columns,
    ],
  });
}

/** Which columns of deals were changed, and how often. */
function changedFields(host, counts) {
  const total = new Map();
  for (const [, name, many] of counts) total.set(name, (total.get(name) || 0) + many);
  if (!total.size) return;
  host.append(h("h3", {}, t("other_changes")));
  table(host, {
    id: "fields",
    caption: `${chosenName()}${language ? ": " : "："}${t("other_changes")}`,
    rows: [...total].map(([name, many]) => ({ name: DATA.fields[name] ? DATA.fields[name][language] : name, many })),
    sort: [1, true],
    headed: true,
    shown: 8,
    columns: [
      { name: t("field"), text: true, get: (row) => row.name },
      { name: t("number"), unit: t("unit_deals"), get: (row) => row.many, cell: (row) => number(row.many) },
    ],
  });
}

function cancelledChart(host) {
  const series = market(chosenPlace());
  const to = MONTHS.length - 1;
  const from = Math.max(series.since, to - 47);
  const shareOf = (month) => {
    const all = (series.deals[month] || 0) + (series.cancelled[month] || 0) + (series.left_out[month] || 0);
    return all ? (series.cancelled[month] || 0) / all : null;
  };
  requestChart(host, {
    name: t("cancelled_chart", { place: chosenName(), from: MONTHS[from], to: MONTHS[to] }),
    from,
    to,
    panels: [{ title: withUnit("cancelled", "unit_deals"), small: true, least: 4, bars: [{ values: series.cancelled, tone: "cancelled" }] }],
    tell: (month) => [
      [t("cancelled"), number(series.cancelled[month] || 0)],
      [t("deals"), number(series.deals[month] || 0)],
      [t("cancelled_share"), percent(shareOf(month))],
    ],
  });
  host.append(about(t("cancelled_chart_about")));
}
