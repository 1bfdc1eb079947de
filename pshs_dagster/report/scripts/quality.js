// What is wrong, doubtful or missing; and where the data comes from.

function drawQuality(host) {
  host.append(about(t("quality_about")));
  host.append(leftOut());
  ruleTable(host, "rejected_lines", "reason", "waiting", DATA.quality.rejected);
  ruleTable(host, "suspect_deals", "flag", "all_deals", DATA.quality.suspect);
  const provisional = DATA.provisional.map((month) => MONTHS[month]);
  const missing = DATA.quality.missing.map(([first, last, issues, from, to]) => t("missing_told", { first, last, issues, from, to }));
  host.append(h("h3", {}, t("provisional_months")), h("p", {}, provisional.join(language ? ", " : "、") || t("none")));
  host.append(h("h3", {}, t("missing_releases")));
  host.append(missing.length ? h("ul", {}, missing.map((each) => h("li", {}, each))) : h("p", {}, t("missing_none")));
  if (DATA.quality.deals_outside) {
    host.append(h("p", { class: "note" }, t("outside_told", {
      number: number(DATA.quality.deals_outside), from: MONTHS[0], to: MONTHS[MONTHS.length - 1],
    })));
  }
}

function leftOut() {
  const series = market(chosenPlace());
  const months = MONTHS.map((_, month) => month).filter((month) => !PROVISIONAL.has(month) && month <= newestFinal()).slice(-12);
  const over = (name) => sum(months.map((month) => series[name][month]));
  const all = over("deals") + over("left_out");
  return h("p", { class: "note" }, t("left_out_told", {
    place: chosenName(), deals: number(over("deals")), left_out: number(over("left_out")),
    share: percent(all ? over("left_out") / all : null), cancelled: number(over("cancelled")),
  }));
}

/** How often each rule spoke, in the chosen city or in all. */
function ruleTable(host, title, heading, inAll, rules) {
  const total = new Map();
  for (const [city, rule, zh, en, release, all] of rules) {
    if (state.city && city !== state.city) continue;
    const key = `${rule}\n${zh}`;
    const row = total.get(key) || { words: [zh, en], release: 0, all: 0 };
    row.release += release;
    row.all += all;
    total.set(key, row);
  }
  host.append(h("h3", {}, t(title)));
  table(host, {
    id: title,
    caption: `${cityName(state.city)}${language ? ": " : "："}${t(title)}`,
    rows: [...total.values()],
    headed: true,
    sort: [1, true],
    columns: [
      { name: t(heading), text: true, get: (row) => row.words[language] },
      { name: t("this_release"), get: (row) => row.release, cell: (row) => number(row.release) },
      { name: t(inAll), get: (row) => row.all, cell: (row) => number(row.all) },
    ],
  });
}

function drawAbout(host) {
  const { key, url } = DATA.release;
  host.append(
    h("p", {}, t("about_source", { release: key, url })),
    h("p", {}, t("about_licence")),
    h("p", {}, t("about_units")),
    h("p", {}, t("about_rounding")),
  );
}
