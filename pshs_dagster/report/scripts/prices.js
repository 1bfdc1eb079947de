// Prices of the chosen place by month, with their spread, and those of the places within it or beside it.

const SHOW = {
  unit: { name: "median_unit_price", unit: "unit_ping_price", spell: unitPrice },
  total: { name: "median_total_price", unit: "unit_price", spell: totalPrice },
};
const YEARS = [2, 4, 0];

function drawPrices(host) {
  const place = chosenPlace();
  const series = market(place);
  const newest = newestFinal();
  host.append(about(t("prices_about")));
  host.append(h("p", { class: "note" }, newest < 0 ? t("no_final_month") : t("newest_month", { month: MONTHS[newest] })));
  if (newest >= 0) host.append(priceFigures(series, newest));
  host.append(priceChart(place, series));
  host.append(about(t("band_about"), t("provisional_about")));
  placesTable(host, kept.month === undefined ? newest : kept.month);
}

function priceFigures(series, month) {
  const few = series.deals[month] < FEW;
  const star = few ? "＊" : "";
  const found = h("div", {}, figures([
    [t("median_unit_price"), unitPrice(series.unit_median[month]) + star, t("unit_ping_price"),
      `${t("quartiles")} ${range(series.unit_q1[month], series.unit_q3[month], unitPrice)}`],
    [t("median_total_price"), totalPrice(series.total_median[month]) + star, t("unit_price"),
      `${t("quartiles")} ${range(series.total_q1[month], series.total_q3[month], totalPrice)}`],
    [t("median_size"), ping(series.size[month]), t("unit_ping")],
    [t("deals"), number(series.deals[month] || 0), t("unit_deals"),
      `${t("cancelled")} ${number(series.cancelled[month] || 0)}　${t("left_out")} ${number(series.left_out[month] || 0)}`],
    [withUnit("month_change", "unit_price_short"), percent(change(series.unit_median, month, 1), true), "",
      `${t("deals")} ${percent(change(series.deals, month, 1), true)}`],
    [withUnit("year_change", "unit_price_short"), percent(change(series.unit_median, month, 12), true), "",
      `${t("deals")} ${percent(change(series.deals, month, 12), true)}`],
  ]));
  if (few) found.append(h("p", { class: "note" }, t("few", { few: FEW })));
  return found;
}

function priceChart(place, series) {
  kept.show = kept.show || "unit";
  kept.years = kept.years === undefined ? 4 : kept.years;
  const { name, unit, spell } = SHOW[kept.show];
  const part = (which) => series[`${kept.show}_${which}`];
  const to = MONTHS.length - 1;
  const from = Math.max(kept.years ? to + 1 - kept.years * 12 : 0, series.since, 0);
  const again = (key) => (value) => {
    kept[key] = value;
    redraw("prices");
  };
  const years = state.district ? YEARS.filter(Boolean) : YEARS;
  const held = h("div", {}, h("p", { class: "controls" },
    choice(t("show"), Object.keys(SHOW).map((key) => [key, t(SHOW[key].name)]), kept.show, again("show")),
    choice(t("span"), years.map((each) => [each, each ? t("years", { number: each }) : t("all_months")]),
      years.includes(kept.years) ? kept.years : 4, again("years"))));
  requestChart(held, {
    name: t("price_chart", { place: placeName(DATA.places[place]), what: withUnit(name, unit), from: MONTHS[from], to: MONTHS[to] }),
    from,
    to,
    panels: [
      { title: t(unit), low: part("q1"), line: part("median"), high: part("q3") },
      {
        title: `${t("deals")}${language ? ", " : "、"}${t("cancelled")} (${t("unit_deals")})`, small: true, least: 4,
        bars: [{ values: series.deals, tone: "deals" }, { values: series.cancelled, tone: "cancelled" }],
      },
    ],
    tell: (month) => [
      [t(name), `${spell(part("median")[month])} ${known(part("median")[month]) ? t(unit) : ""}`],
      [t("quartiles"), range(part("q1")[month], part("q3")[month], spell)],
      [t("month_change"), percent(change(part("median"), month, 1), true)],
      [t("year_change"), percent(change(part("median"), month, 12), true)],
      [t("deals"), number(series.deals[month] || 0)],
      [t("cancelled"), number(series.cancelled[month] || 0)],
      [t("left_out"), number(series.left_out[month] || 0)],
      [t("standing"), t(PROVISIONAL.has(month) ? "provisional" : "final")],
    ],
  });
  return held;
}

/** The cities of the country, or the districts of the chosen city, in one month. */
function placesTable(host, month) {
  if (month < 0) return;
  const rows = placesIn(state.city).map(([name, place]) => ({ name, place, series: market(place) }))
    .filter(({ series }) => series.deals[month] || series.cancelled[month] || series.left_out[month]);
  const value = (column, spell) => ({ get: (row) => row.series[column][month], cell: (row) => spell(row.series[column][month]) });
  const changes = (column, back) => ({
    get: (row) => change(row.series[column], month, back),
    cell: (row) => percent(change(row.series[column], month, back), true),
  });
  const star = (row) => (row.series.deals[month] < FEW ? "＊" : "");
  const months = MONTHS.map((text, index) => [index, text]).slice(-36).reverse();
  host.append(h("h3", {}, state.city ? t("places_districts", { city: cityName(state.city), month: MONTHS[month] }) : t("places_cities", { month: MONTHS[month] })));
  host.append(h("p", { class: "controls" }, h("label", {}, `${t("month")} `, h("select", {
    id: "month",
    onchange: (event) => {
      kept.month = Number(event.target.value);
      redraw("prices");
    },
  }, months.map(([index, text]) => h("option", { value: index, selected: index === month },
    PROVISIONAL.has(index) ? `${text} ${t("provisional")}` : text)))), h("span", { class: "about" }, t("places_about"))));
  table(host, {
    id: "places",
    caption: state.city ? t("places_districts", { city: cityName(state.city), month: MONTHS[month] }) : t("places_cities", { month: MONTHS[month] }),
    rows,
    headed: true,
    sort: [1, true],
    shown: 40,
    mark: (row) => row.name === state.district,
    columns: [
      {
        name: t(state.city ? "choose_district" : "choose_city"), text: true, get: (row) => row.name,
        cell: (row) => (state.city ? placeButton(row.name, state.city, row.name) : placeButton(cityName(row.name), row.name)),
      },
      {
        name: t("median_unit_price"), unit: t("unit_ping_price"), get: (row) => row.series.unit_median[month],
        cell: (row) => unitPrice(row.series.unit_median[month]) + star(row),
      },
      {
        name: t("quartiles"), unit: t("unit_ping_price"), get: (row) => row.series.unit_q1[month],
        cell: (row) => range(row.series.unit_q1[month], row.series.unit_q3[month], unitPrice),
      },
      { name: t("month_change"), ...changes("unit_median", 1) },
      { name: t("year_change"), ...changes("unit_median", 12) },
      { name: t("median_total_price"), unit: t("unit_price"), ...value("total_median", totalPrice) },
      { name: t("median_size"), unit: t("unit_ping"), ...value("size", ping) },
      { name: t("deals"), unit: t("unit_deals"), ...value("deals", number) },
      { name: t("cancelled"), unit: t("unit_deals"), ...value("cancelled", number) },
      { name: t("left_out"), unit: t("unit_deals"), ...value("left_out", number) },
    ],
  });
  if (rows.some((row) => star(row))) host.append(h("p", { class: "note" }, t("few", { few: FEW })));
}
