// Registered projects: homes, what is sold of them, and by month for the one that is looked at; and what has no match.

const CERTAIN = 1;

const methodWord = (method) => (WORDS[`method_${method}`] ? t(`method_${method}`) : method);

function drawAbsorption(host) {
  if (!REGISTERED.length) {
    host.append(h("p", { class: "none" }, t("absorption_none")));
    return;
  }
  const rows = REGISTERED.filter((project) => within(project.place, state));
  const matched = rows.filter((project) => project.method);
  const counted = matched.filter((project) => project.homes);
  const homes = sum(counted.map((project) => project.homes));
  const unmatched = state.district
    ? DATA.absorption.unmatched.filter(([place]) => within(place, state)).length
    : sum(Object.entries(DATA.absorption.unmatched_projects).filter(([city]) => !state.city || city === state.city).map(([, count]) => count));
  host.append(about(t("absorption_about"), t("absorption_list", { day: DATA.absorption.listed_on })));
  host.append(figures([
    [t("registered_projects"), number(rows.length), t("unit_projects"), `${t("matched_projects")} ${number(matched.length)}`],
    [t("homes"), number(sum(rows.map((project) => project.homes))), t("unit_homes")],
    [t("sold"), number(sum(matched.map((project) => project.sold))), t("unit_homes")],
    [t("share_of_known"), homes ? percent(sum(counted.map((project) => project.sold)) / homes) : t("dash"), "",
      `${number(counted.length)} ${t("unit_projects")}`],
    [t("unmatched_projects"), number(unmatched), t("unit_projects")],
  ]));
  const stage = h("div", { id: "absorption-chart" });
  registeredTable(host, rows, stage);
  host.append(stage);
  const again = rows.find((project) => `${project.place} ${project.name}` === kept.project);
  const first = again || [...rows].filter((project) => project.deals.length > 1).sort((a, b) => b.sold - a.sold)[0];
  if (first) drawProject(stage, first);
  drawUnmatched(host);
}

function registeredTable(host, rows, stage) {
  const show = (project) => {
    kept.project = `${project.place} ${project.name}`;
    drawProject(stage, project);
    stage.scrollIntoView({ block: "nearest" });
  };
  table(host, {
    id: `absorption-${placeColumn().length}`,
    caption: `${chosenName()}${language ? ": " : "："}${t("absorption")}`,
    rows,
    sort: [2 + placeColumn().length, true],
    columns: [
      {
        name: t("project"), text: true, get: (row) => row.name,
        cell: (row) => (row.deals.length
          ? h("button", { type: "button", class: "link", title: t("show_project"), onclick: () => show(row) }, row.name || t("unnamed"))
          : row.name || t("unnamed")),
      },
      ...placeColumn(),
      { name: t("homes"), unit: t("unit_homes"), get: (row) => row.homes, cell: (row) => number(row.homes) },
      { name: t("sold"), unit: t("unit_homes"), get: (row) => row.sold, cell: (row) => number(row.sold) },
      { name: t("share"), get: (row) => row.share, cell: shareCell },
      {
        name: t("cancelled"), unit: t("unit_deals"), get: (row) => (row.method ? sum(row.cancelled) : null),
        cell: (row) => (row.method ? number(sum(row.cancelled)) : t("dash")),
      },
      { name: t("newest_deal"), get: (row) => row.newest, cell: (row) => row.newest || t("dash") },
      {
        name: t("match"), text: true, get: (row) => (row.method ? row.confidence : null),
        cell: (row) => (row.method
          ? `${methodWord(row.method)}${row.confidence < CERTAIN ? ` ${percent(row.confidence)}` : ""}`
          : t("no_match")),
      },
    ],
  });
  if (rows.some((row) => row.share > 1)) host.append(h("p", { class: "note" }, t("over_sold")));
}

/** The share with a bar as long as it is; above the whole it says so. */
function shareCell(row) {
  if (!known(row.share)) return t("dash");
  const bar = h("span", { class: "meter", "aria-hidden": "true" }, h("i"));
  bar.firstChild.style.width = `${Math.min(100, row.share * 100)}%`;
  return h("span", { class: "share" }, bar, percent(row.share) + (row.share > 1 ? "＊" : ""));
}

function drawProject(stage, project) {
  stage.replaceChildren();
  if (!project.deals.length) return;
  const { first, deals, cancelled } = project;
  const series = { deals: [], cancelled: [], sold: [], share: [] };
  let sold = project.before;
  deals.forEach((count, index) => {
    sold += count - cancelled[index];
    series.deals[first + index] = count - cancelled[index];
    series.cancelled[first + index] = cancelled[index];
    series.sold[first + index] = sold;
    series.share[first + index] = project.homes ? (sold / project.homes) * 100 : null;
  });
  const to = Math.min(MONTHS.length - 1, first + deals.length - 1);
  const line = project.homes ? series.share : series.sold;
  requestChart(stage, {
    name: t("absorption_chart", { project: project.name || t("unnamed"), from: MONTHS[first], to: MONTHS[to] }),
    from: first,
    to,
    panels: [
      { title: project.homes ? `${t("share")} (%)` : withUnit("sold", "unit_homes"), line, zero: true },
      {
        title: `${t("deals")}${language ? ", " : "、"}${t("cancelled")} (${t("unit_deals")})`, small: true, least: 4,
        bars: [{ values: series.deals, tone: "deals" }, { values: series.cancelled, tone: "cancelled" }],
      },
    ],
    tell: (month) => [
      [t("sold"), `${number(series.sold[month])} / ${number(project.homes)} ${t("unit_homes")}`],
      [t("share"), project.homes ? percent(series.sold[month] / project.homes) : t("dash")],
      [t("deals"), number((series.deals[month] || 0) + (series.cancelled[month] || 0))],
      [t("cancelled"), number(series.cancelled[month] || 0)],
    ],
  });
  if (project.before) stage.append(h("p", { class: "note" }, t("sold_before", { number: number(project.before) })));
}

function drawUnmatched(host) {
  const rows = DATA.absorption.unmatched.filter(([place]) => within(place, state))
    .map(([place, name, method, deals]) => ({ place, name: DATA.names[name], method, deals }));
  const details = h("details", {}, h("summary", {}, `${t("unmatched_projects")} (${number(rows.length)})`));
  host.append(details);
  details.append(about(t("unmatched_about", { number: number(DATA.absorption.unmatched.length) })));
  table(details, {
    id: `unmatched-${placeColumn().length}`,
    caption: t("unmatched_projects"),
    rows,
    sort: [1 + placeColumn().length, true],
    columns: [
      projectColumn(),
      ...placeColumn(),
      { name: t("deals"), unit: t("unit_deals"), get: (row) => row.deals, cell: (row) => number(row.deals) },
      { name: t("match"), text: true, get: (row) => methodWord(row.method) },
    ],
  });
}
