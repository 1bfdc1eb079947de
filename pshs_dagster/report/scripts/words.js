// Words in both languages, and how numbers are spelt. `words.json` has them all: [Chinese, English].

const WORDS = JSON.parse(document.getElementById("words").textContent);
const LANGUAGES = ["zh-Hant-TW", "en"];
// The six special municipalities, then from north to south, then the islands.
const CITY_NAMES = WORDS.cities;
const CITY_ORDER = ["", ...Object.keys(CITY_NAMES)];

let language = 0;

/** A word, or a sentence with `{name}` filled in from `values`. */
function t(key, values = {}) {
  const word = WORDS[key];
  if (!word) throw new Error(`no word for ${key}`);
  return word[language].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

function number(value, decimals = 0) {
  if (!known(value)) return t("dash");
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

const unitPrice = (value) => number(value, 2);
const totalPrice = (value) => number(value, 0);
const ping = (value) => number(value, 1);
const ntd = (value) => number(value / 10000, value % 10000 ? 2 : 0);

/** A share as per cent; `signed` for a change. */
function percent(value, signed = false) {
  if (!known(value)) return t("dash");
  const told = (Math.abs(value) * 100).toFixed(1);
  const sign = value < 0 && told !== "0.0" ? "−" : signed && told !== "0.0" ? "+" : "";
  return `${sign}${told}%`;
}

function range(low, high, spell) {
  return known(low) && known(high) ? t("range", { low: spell(low), high: spell(high) }) : t("dash");
}

/** The name of a word with its unit, both by key. */
const withUnit = (name, unit) => t("with_unit", { name: t(name), unit: t(unit) });

function cityName(city) {
  if (!city) return t("country");
  return language && CITY_NAMES[city] ? `${CITY_NAMES[city]} ${city}` : city;
}

function placeName([city, district]) {
  if (!district || district === city) return cityName(city);
  return language ? `${district}, ${cityName(city)}` : city + district;
}
