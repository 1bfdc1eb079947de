-- market_statistics, what the deals of a month tell: counts and quartiles by city, district and month of the trade.
-- What depends on other months or on releases is added by market_changes.sql.
--
-- The same text for SQLite, MySQL 8, MariaDB 10.6 and DuckDB. Prices come in 萬元, unit prices in 萬元 per 坪, sizes
-- (net area of the building) in 坪. Unit price and rounding are those of deal_statistics.sql.
-- Left out, and counted as such: deals whose price is doubtful by their flags, and those without a unit price. Of
-- standing 0 are the deals that count, of 1 those left out, of 2 the cancelled ones.
-- Quartiles interpolate linearly between neighbours (numpy's and pandas' `linear`): quartile q of n values lies at
-- 4 (rank - 1) = q (n - 1), and the two ranks nearest to it weigh 4 minus their distance, quarters of the whole.
WITH homes AS (
    SELECT
        city,
        district,
        SUBSTR(CAST(transaction_date AS CHAR(10)), 1, 7) AS trade_month,
        price,
        CASE WHEN parking_sapce_price > 0 AND parking_sapce_total_area > 0
            THEN price - parking_sapce_price ELSE price END AS net_price,
        CASE WHEN parking_sapce_price > 0 AND parking_sapce_total_area > 0
            THEN building_total_area - parking_sapce_total_area ELSE building_total_area END AS net_area,
        CASE WHEN termination <> '' OR cancelled_on IS NOT NULL THEN 1 ELSE 0 END AS cancelled,
        CASE WHEN flags LIKE '%special_relation%' OR flags LIKE '%unusual_terms%'
            OR flags LIKE '%unit_price_mismatch%' THEN 1 ELSE 0 END AS doubtful
    FROM deals
    WHERE transaction_date BETWEEN :first_day AND :last_day
        AND object_of_transaction LIKE :targets
),

judged AS (
    SELECT
        city,
        district,
        trade_month,
        CASE WHEN cancelled = 1 THEN 2
            WHEN doubtful = 1 OR net_price <= 0 OR net_area <= 0.005e0 THEN 1
            ELSE 0 END AS standing,
        price,
        CASE WHEN net_area > 0.005e0 THEN ROUND(net_price / (net_area * 0.3025e0) * 1.0e4) END AS unit_price,
        ROUND(net_area * 0.3025e0 * 1.0e6) AS size
    FROM homes
),

ranked AS (
    SELECT
        city,
        district,
        trade_month,
        standing,
        price,
        unit_price,
        size,
        (COUNT(*) OVER (PARTITION BY city, district, trade_month, standing) - 1) * 1.0e0 AS steps,
        ROW_NUMBER() OVER (PARTITION BY city, district, trade_month, standing ORDER BY unit_price) * 4.0e0 - 4
            AS unit_place,
        ROW_NUMBER() OVER (PARTITION BY city, district, trade_month, standing ORDER BY price) * 4.0e0 - 4
            AS total_place,
        ROW_NUMBER() OVER (PARTITION BY city, district, trade_month, standing ORDER BY size) * 4.0e0 - 4
            AS size_place
    FROM judged
),

summed AS (
    SELECT
        city,
        district,
        trade_month,
        SUM(CASE WHEN standing = 0 THEN 1 ELSE 0 END) AS deals_num,
        SUM(CASE WHEN standing = 2 THEN 1 ELSE 0 END) AS cancelled_num,
        SUM(CASE WHEN standing = 1 THEN 1 ELSE 0 END) AS left_out_num,
        SUM(CASE WHEN standing = 0 AND ABS(unit_place - steps) < 4
            THEN (4 - ABS(unit_place - steps)) * unit_price END) AS unit_1,
        SUM(CASE WHEN standing = 0 AND ABS(unit_place - 2 * steps) < 4
            THEN (4 - ABS(unit_place - 2 * steps)) * unit_price END) AS unit_2,
        SUM(CASE WHEN standing = 0 AND ABS(unit_place - 3 * steps) < 4
            THEN (4 - ABS(unit_place - 3 * steps)) * unit_price END) AS unit_3,
        SUM(CASE WHEN standing = 0 AND ABS(total_place - steps) < 4
            THEN (4 - ABS(total_place - steps)) * price END) AS total_1,
        SUM(CASE WHEN standing = 0 AND ABS(total_place - 2 * steps) < 4
            THEN (4 - ABS(total_place - 2 * steps)) * price END) AS total_2,
        SUM(CASE WHEN standing = 0 AND ABS(total_place - 3 * steps) < 4
            THEN (4 - ABS(total_place - 3 * steps)) * price END) AS total_3,
        SUM(CASE WHEN standing = 0 AND ABS(size_place - steps) < 4
            THEN (4 - ABS(size_place - steps)) * size END) AS size_1,
        SUM(CASE WHEN standing = 0 AND ABS(size_place - 2 * steps) < 4
            THEN (4 - ABS(size_place - 2 * steps)) * size END) AS size_2,
        SUM(CASE WHEN standing = 0 AND ABS(size_place - 3 * steps) < 4
            THEN (4 - ABS(size_place - 3 * steps)) * size END) AS size_3
    FROM ranked
    GROUP BY city, district, trade_month
)

SELECT
    city,
    district,
    SUBSTR(trade_month, 1, 4) AS year,
    SUBSTR(trade_month, 6, 2) AS month,
    deals_num,
    cancelled_num,
    left_out_num,
    ROUND((unit_1 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_q1,
    ROUND((unit_2 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_median,
    ROUND((unit_3 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_q3,
    ROUND((total_1 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_q1,
    ROUND((total_2 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_median,
    ROUND((total_3 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_q3,
    ROUND((size_1 * 4 + 1) / 16.0e2) / 1.0e4 AS size_q1,
    ROUND((size_2 * 4 + 1) / 16.0e2) / 1.0e4 AS size_median,
    ROUND((size_3 * 4 + 1) / 16.0e2) / 1.0e4 AS size_q3
FROM summed
