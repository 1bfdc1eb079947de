// The page: its frame, its sections, and what is drawn anew when something else is chosen.

performance.mark("report-begins");

const DRAWN_BY = {
  brought: drawBrought,
  prices: drawPrices,
  opened: drawOpened,
  absorption: drawAbsorption,
  happenings: drawHappenings,
  quality: drawQuality,
  about: drawAbout,
};
const byId = (id) => document.getElementById(id);
let waiting = [];

/** Draw a chart once its place is in the page: its width is known only then. */
function requestChart(host, spec) {
  waiting.push(() => chart(slot, spec));
  const slot = h("div");
  host.append(slot);
}

/** Draw one section, or all of them. */
function redraw(only) {
  for (const [id, draw] of Object.entries(DRAWN_BY)) {
    if (only && id !== only) continue;
    const fresh = section(id, t(id));
    if (id !== "about") fresh.firstChild.append(h("span", { class: "where" }, ` ${chosenName()}`));
    draw(fresh);
    keepingFocus(() => byId(id), () => {
      if (byId(id)) byId(id).replaceWith(fresh);
      else byId("main").append(fresh);
    });
  }
  for (const drawChart of waiting.splice(0)) drawChart();
}

function drawFrame() {
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = t(element.dataset.word);
  document.title = `${t("title")} ${DATA.release.key}${state.city ? ` ${chosenName()}` : ""}`;
  const { key, issue, from, to, as_of } = DATA.release;
  byId("head").textContent = [
    t(issue ? "head_issue" : "head_season", { release: key, from, to, as_of, made: DATA.made }),
    t("head_state", { releases: number(DATA.releases), newest: DATA.newest }),
  ].join(language ? " " : "");
  byId("language").textContent = t("other_language");
  byId("language").setAttribute("aria-label", t("other_language_label"));
  byId("language").lang = LANGUAGES[1 - language];
  byId("chosen").textContent = chosenName();
  byId("sections").setAttribute("aria-label", t("sections"));
  byId("sections").replaceChildren(...Object.keys(DRAWN_BY).map((id) => h("a", { href: `#${id}`, "data-jump": id }, t(`nav_${id}`))));
  keepingFocus(() => byId("chooser"), drawChooser);
}

function drawChooser() {
  const chip = (text, city, district) => h("button", {
    type: "button", "aria-pressed": String(state.city === city && state.district === district), onclick: () => choose(city, district),
  }, text);
  byId("cities").setAttribute("aria-label", t("choose_city"));
  byId("cities").replaceChildren(
    chip(t("country"), "", ""),
    ...placesIn("").map(([city]) => {
      const made = chip(cityName(city), city, "");
      if (city === state.city) made.setAttribute("aria-pressed", "true");
      return made;
    }),
  );
  byId("districts").setAttribute("aria-label", t("choose_district"));
  byId("districts").hidden = !state.city;
  byId("districts").replaceChildren(...(state.city ? [
    chip(t("whole_city"), state.city, ""), ...placesIn(state.city).map(([district]) => chip(district, state.city, district)),
  ] : []));
  for (const [id, isChosen] of [["cities", state.city], ["districts", state.district]]) {
    byId(id).classList.toggle("chosen", Boolean(isChosen));
    const pressed = byId(id).querySelectorAll("[aria-pressed=true]");
    if (pressed.length) byId(id).scrollLeft = pressed[pressed.length - 1].offsetLeft - 60;
  }
  byId("find").placeholder = t("find_place");
  byId("find").setAttribute("aria-label", t("find_place_label"));
}

/** Choose what was typed, as soon as it names one place. */
function find(event) {
  const typed = event.target.value.trim().replaceAll("台", "臺").replace(/\s/g, "");
  const entered = event.type === "change";
  if (!typed) return;
  const places = [...MARKET_ROWS.keys()].map((place) => DATA.places[place]).filter(([city]) => city);
  const spelt = ([city, district]) => (city + district).replaceAll("台", "臺");
  const exact = places.find((place) => spelt(place) === typed);
  const near = places.filter((place) => spelt(place).includes(typed));
  const found = exact || (entered && near.length ? near[0] : null);
  if (found) {
    choose(...found);
    event.target.value = "";
  }
}

function jump(event) {
  const target = event.target.closest("[data-jump]");
  if (!target) return;
  event.preventDefault(); // the address holds the place
  const place = byId(target.dataset.jump);
  place.scrollIntoView();
  (place.querySelector("h2") || place).focus({ preventScroll: true });
}

function start() {
  rememberedLanguage();
  readAddress();
  listeners.push(drawFrame, () => redraw());
  byId("places").append(...[...MARKET_ROWS.keys()].map((place) => DATA.places[place]).filter(([, district]) => district)
    .map(([city, district]) => h("option", { value: city + district })));
  byId("language").addEventListener("click", switchLanguage);
  byId("change").addEventListener("click", () => {
    byId("chooser").scrollIntoView();
    byId("cities").firstChild.focus({ preventScroll: true });
  });
  byId("find").addEventListener("input", find);
  byId("find").addEventListener("change", find);
  document.addEventListener("click", jump);
  addEventListener("hashchange", () => {
    readAddress();
    changed();
    if (kept.follow) byId(kept.follow).scrollIntoView();
    kept.follow = "";
  });
  changed();
}

start();
// Twice: the first frame begins after the page is laid out, the second after it was painted.
requestAnimationFrame(() => requestAnimationFrame(() => {
  performance.mark("report-drawn");
  performance.measure("report", "report-begins", "report-drawn");
  document.documentElement.dataset.drawn = "true";
}));
