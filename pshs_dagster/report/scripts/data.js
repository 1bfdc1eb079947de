// The data of the page, as `embedding.py` wrote it, put together again: markets by place, projects, happenings.

const DATA = JSON.parse(document.getElementById("data").textContent);
const MONTHS = DATA.months;
const PROVISIONAL = new Set(DATA.provisional);
const PLACE_NUMBER = new Map(DATA.places.map(([city, district], index) => [`${city}\n${district}`, index]));
const FEW = 10; // a median of fewer deals says little

/** The number of a place; undefined where there is none. */
const placeOf = (city, district = "") => PLACE_NUMBER.get(`${city}\n${district}`);

/** Whether the place with a number lies within the place that is chosen. */
function within(index, { city, district }) {
  const [ofCity, ofDistrict] = DATA.places[index];
  return (!city || ofCity === city) && (!district || ofDistrict === district);
}

const MARKET_COLUMNS = [
  "deals", "cancelled", "left_out", "unit_q1", "unit_median", "unit_q3", "total_q1", "total_median", "total_q3", "size",
];

/** Place number → { first row, rows } in the columns of markets. */
const MARKET_ROWS = new Map();
DATA.markets.place.reduce((start, place, index) => {
  MARKET_ROWS.set(place, [start, DATA.markets.rows[index]]);
  return start + DATA.markets.rows[index];
}, 0);

const marketsMade = new Map();

/** A market by month number: an array for each of MARKET_COLUMNS, as long as MONTHS; null where nothing was sold. */
function market(place) {
  if (!marketsMade.has(place)) {
    const series = Object.fromEntries(MARKET_COLUMNS.map((name) => [name, new Array(MONTHS.length).fill(null)]));
    const [start, rows] = MARKET_ROWS.get(place) || [0, 0];
    for (let row = start; row < start + rows; row += 1) {
      for (const name of MARKET_COLUMNS) series[name][DATA.markets.month[row]] = DATA.markets[name][row];
    }
    series.since = rows ? DATA.markets.month[start] : 0;
    marketsMade.set(place, series);
  }
  return marketsMade.get(place);
}

/** How a value differs from the one so many months before, as a share; null where either is missing. */
function change(values, month, back) {
  const before = values[month - back];
  return known(values[month]) && before ? values[month] / before - 1 : null;
}

/** The newest complete month with deals; -1 where there is none. */
function newestFinal() {
  const country = market(0);
  for (let month = MONTHS.length - 1; month >= 0; month -= 1) {
    if (!PROVISIONAL.has(month) && country.deals[month]) return month;
  }
  return -1;
}

/** The cities, or the districts of a city, that have a market: [name, place number]. */
function placesIn(city) {
  const found = [...MARKET_ROWS.keys()]
    .map((place) => [...DATA.places[place], place])
    .filter(([ofCity, district]) => (city ? ofCity === city && district : ofCity && !district));
  const order = ([ofCity]) => (CITY_ORDER.indexOf(ofCity) + CITY_ORDER.length) % CITY_ORDER.length;
  if (!city) found.sort((a, b) => order(a) - order(b));
  return found.map(([ofCity, district, place]) => [city ? district : ofCity, place]);
}

const SIZES = DATA.sizes;

/** Rows of projects that opened, as objects. */
const OPENED = (() => {
  const { place, name, opened, rows } = DATA.opened;
  const found = [];
  let row = 0;
  place.forEach((index, project) => {
    for (let end = row + rows[project]; row < end; row += 1) {
      found.push({
        place: index,
        name: DATA.names[name[project]],
        opened: opened[project],
        months: DATA.opened.months[row],
        size: SIZES[DATA.opened.size[row]],
        deals: DATA.opened.deals[row],
        mean_unit: DATA.opened.mean_unit[row],
        median_unit: DATA.opened.median_unit[row],
        mean_total: DATA.opened.mean_total[row],
        median_total: DATA.opened.median_total[row],
      });
    }
  });
  return found;
})();

/** Registered projects, as objects; `deals` and `cancelled` by month from `first` on. */
const REGISTERED = (() => {
  const columns = DATA.absorption.projects;
  return columns.place.map((place, index) => {
    const deals = columns.deals[index];
    const homes = columns.homes[index];
    const sold = columns.sold[index];
    return {
      place,
      homes,
      sold,
      name: DATA.names[columns.name[index]],
      method: columns.method[index],
      confidence: columns.confidence[index],
      before: columns.before[index],
      first: columns.first[index],
      deals,
      cancelled: columns.cancelled[index] || new Array(deals.length).fill(0),
      share: known(sold) && homes ? sold / homes : null,
      newest: deals.length ? MONTHS[columns.first[index] + deals.length - 1] : null,
    };
  });
})();

const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
