-- The markets of whole cities, and of the whole country (city blank), by month of the trade: what market_statistics
-- tells of districts. Quartiles of a city cannot be had from those of its districts.
--
-- Row set, unit price, quartiles and rounding are those of market_statistics.sql, and so are the units: prices in
-- 萬元, unit prices in 萬元 per 坪, sizes in 坪. Runs unchanged on SQLite, MySQL 8 and MariaDB 10.6.
WITH homes AS (
    SELECT
        city,
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
        trade_month,
        CASE WHEN cancelled = 1 THEN 'cancelled'
            WHEN doubtful = 1 OR net_price <= 0 OR net_area <= 0.005e0 THEN 'left out'
            ELSE 'counted' END AS standing,
        price,
        CASE WHEN net_area > 0.005e0 THEN ROUND(net_price / (net_area * 0.3025e0) * 1.0e4) END AS unit_price,
        ROUND(net_area * 0.3025e0 * 1.0e6) AS size
    FROM homes
),

scoped AS (
    SELECT city, trade_month, standing, price, unit_price, size FROM judged
    UNION ALL
    SELECT '' AS city, trade_month, standing, price, unit_price, size FROM judged
),

ranked AS (
    SELECT
        city,
        trade_month,
        standing,
        price,
        unit_price,
        size,
        (COUNT(*) OVER (PARTITION BY city, trade_month, standing) - 1) * 1.0e0 AS steps,
        ROW_NUMBER() OVER (PARTITION BY city, trade_month, standing ORDER BY unit_price) * 4.0e0 - 4 AS unit_place,
        ROW_NUMBER() OVER (PARTITION BY city, trade_month, standing ORDER BY price) * 4.0e0 - 4 AS total_place,
        ROW_NUMBER() OVER (PARTITION BY city, trade_month, standing ORDER BY size) * 4.0e0 - 4 AS size_place
    FROM scoped
),

summed AS (
    SELECT
        city,
        trade_month,
        SUM(CASE WHEN standing = 'counted' THEN 1 ELSE 0 END) AS deals_num,
        SUM(CASE WHEN standing = 'cancelled' THEN 1 ELSE 0 END) AS cancelled_num,
        SUM(CASE WHEN standing = 'left out' THEN 1 ELSE 0 END) AS left_out_num,
        SUM(CASE WHEN standing = 'counted' AND ABS(unit_place - steps) < 4
            THEN (4 - ABS(unit_place - steps)) * unit_price END) AS unit_1,
        SUM(CASE WHEN standing = 'counted' AND ABS(unit_place - 2 * steps) < 4
            THEN (4 - ABS(unit_place - 2 * steps)) * unit_price END) AS unit_2,
        SUM(CASE WHEN standing = 'counted' AND ABS(unit_place - 3 * steps) < 4
            THEN (4 - ABS(unit_place - 3 * steps)) * unit_price END) AS unit_3,
        SUM(CASE WHEN standing = 'counted' AND ABS(total_place - steps) < 4
            THEN (4 - ABS(total_place - steps)) * price END) AS total_1,
        SUM(CASE WHEN standing = 'counted' AND ABS(total_place - 2 * steps) < 4
            THEN (4 - ABS(total_place - 2 * steps)) * price END) AS total_2,
        SUM(CASE WHEN standing = 'counted' AND ABS(total_place - 3 * steps) < 4
            THEN (4 - ABS(total_place - 3 * steps)) * price END) AS total_3,
        SUM(CASE WHEN standing = 'counted' AND ABS(size_place - 2 * steps) < 4
            THEN (4 - ABS(size_place - 2 * steps)) * size END) AS size_2
    FROM ranked
    GROUP BY city, trade_month
)

SELECT
    city,
    trade_month AS month,
    deals_num,
    cancelled_num,
    left_out_num,
    ROUND((unit_1 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_q1,
    ROUND((unit_2 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_median,
    ROUND((unit_3 * 4 + 1) / 16.0e4) / 1.0e4 AS unit_price_q3,
    ROUND((total_1 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_q1,
    ROUND((total_2 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_median,
    ROUND((total_3 * 4 + 1) / 16.0e0) / 1.0e4 AS total_price_q3,
    ROUND((size_2 * 4 + 1) / 16.0e2) / 1.0e4 AS size_median
FROM summed
ORDER BY city, trade_month
