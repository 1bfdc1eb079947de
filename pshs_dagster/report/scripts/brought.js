// What the release brought, by city. A district is told by its new deals only: lines belong to the files of cities.

const LINE_COLUMNS = [
  "lines", "new", "changed", "unchanged", "rejected", "cancelled", "withdrawn", "withdrawn_outside", "reinstated",
];

function drawBrought(host) {
  const mine = DATA.brought.filter((row) => !state.city || row.city === state.city);
  const total = (name) => sum(mine.map((row) => row[name]));
  host.append(about(t("brought_about")));
  if (state.district) {
    const found = DATA.new_deals.find(([place]) => place === chosenPlace());
    host.append(h("p", { class: "note" },
      t("brought_city_only", { district: placeName([state.city, state.district]), number: number(found ? found[1] : 0) })));
  }
  host.append(figures(["lines", "new", "changed", "unchanged", "rejected", "cancelled", "withdrawn", "reinstated"].map((name) => [
    state.city && name === "lines" ? `${cityName(state.city)} ${t(name)}` : t(name), number(total(name)), t(name === "lines" || name === "rejected" ? "unit_lines" : "unit_deals"),
    name === "withdrawn" && total("withdrawn_outside") ? `${t("withdrawn_outside")} ${number(total("withdrawn_outside"))}` : null,
  ])));
  const cities = h("details", { open: !state.city }, h("summary", {}, t("by_city")));
  host.append(cities);
  table(cities, {
    id: "brought",
    caption: `${t("brought")}${language ? ", " : "，"}${t("by_city")}`,
    rows: DATA.brought,
    sort: [2, true],
    headed: true,
    shown: 22,
    mark: (row) => row.city === state.city,
    columns: [
      { name: t("choose_city"), get: (row) => row.city, cell: (row) => placeButton(cityName(row.city), row.city), text: true },
      ...LINE_COLUMNS.map((name) => ({ name: t(name), get: (row) => row[name], cell: (row) => number(row[name]) })),
    ],
  });
}

/** A name that chooses its place; the section that it stands in stays in sight. */
function placeButton(name, city, district = "") {
  return h("button", {
    type: "button",
    class: "link",
    onclick: (event) => {
      kept.follow = event.target.closest("section").id;
      choose(city, district);
    },
  }, name);
}
