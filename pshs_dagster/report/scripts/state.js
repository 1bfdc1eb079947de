// What is chosen: city, district, language. The address of the page holds the place, so that it can be passed on.

const state = { city: "", district: "" };
const REMEMBERED = "pshs-report-language";
const listeners = [];

/** What the address says: `#city=新北市&district=淡水區`. A place that the data does not have is not chosen. */
function readAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  const city = told.get("city") || "";
  const district = told.get("district") || "";
  state.city = placeOf(city) !== undefined ? city : "";
  state.district = state.city && district && placeOf(city, district) !== undefined ? district : "";
  if (told.get("lang")) language = told.get("lang") === "en" ? 1 : 0;
}

/** Choose a place; the address follows, and with it everything that is shown. */
function choose(city, district = "") {
  const told = new URLSearchParams();
  if (city) told.set("city", city);
  if (district) told.set("district", district);
  const hash = String(told);
  if (hash === location.hash.slice(1)) return;
  // An empty hash would jump to the top of the page.
  location.hash = hash || "taiwan";
}

const chosenPlace = () => placeOf(state.city, state.district) || 0;
const chosenName = () => placeName([state.city, state.district]);

function rememberedLanguage() {
  try {
    language = localStorage.getItem(REMEMBERED) === "en" ? 1 : 0;
  } catch {
    language = 0; // a file from the disk may have no storage
  }
}

function switchLanguage() {
  language = 1 - language;
  try {
    localStorage.setItem(REMEMBERED, language ? "en" : "zh");
  } catch {
    // then it is not remembered
  }
  const told = new URLSearchParams(location.hash.slice(1));
  if (told.has("lang")) {
    told.set("lang", language ? "en" : "zh");
    location.hash = String(told); // which draws anew
  } else {
    changed();
  }
}

function changed() {
  document.documentElement.lang = LANGUAGES[language];
  for (const listener of listeners) listener();
}
