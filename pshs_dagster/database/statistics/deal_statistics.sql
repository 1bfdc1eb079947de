-- deal_statistics: homes sold in each project, by month of the trade and number of rooms.
--
-- The same text for SQLite, MySQL 8, MariaDB 10.6 and DuckDB. Prices come in 萬元, unit prices in 萬元 per 坪.
-- A unit price leaves the parking out of price and area where both are known; where either is 0 the parking is mixed
-- in, as MOI does it, and mixed_parking_num counts such deals. Averages are of the deals' own unit prices.
-- Rounding: a sum of whole numbers over a count, to whole NTD, half up. (4 sum + 1) / (4 count) is never a tie, and
-- rounds as sum / count does, so that no engine has a choice. A deal's unit price is rounded to 0.0001 NTD before.
-- Names are told apart by their bytes, but for blanks at their ends. MySQL has to be told so, in a comment that it alone
-- reads as code. Without ORDER BY NULL MariaDB sorts the groups. Sums are of doubles, which are exact up to 9e15 NTD, and
-- which a server adds up faster than the decimals that it makes of whole numbers.
SELECT
    city,
    district,
    SUBSTR(trade_month, 1, 4) AS year,
    SUBSTR(trade_month, 6, 2) AS month,
    build_name,
    room,
    COUNT(*) AS count_num,
    ROUND((SUM(price) * 4.0e0 + 1) / (COUNT(*) * 4.0e0)) / 1.0e4 AS avg_total_price,
    ROUND((SUM(price - parking_sapce_price) * 4.0e0 + 1) / (COUNT(*) * 4.0e0)) / 1.0e4 AS avg_house_price,
    COALESCE(ROUND((SUM(unit_price) * 4.0e0 + 1) / NULLIF(COUNT(unit_price) * 4.0e4, 0)) / 1.0e4, 0) AS avg_house_unit_price,
    SUM(mixed) AS mixed_parking_num
FROM (
    SELECT
        city,
        district,
        trade_month,
        build_name,
        room,
        price,
        parking_sapce_price,
        mixed,
        CASE WHEN net_price > 0 AND net_area > 0.005e0
            THEN ROUND(net_price / (net_area * 0.3025e0) * 1.0e4) END AS unit_price
    FROM (
        SELECT
            city,
            district,
            SUBSTR(CAST(transaction_date AS CHAR(10)), 1, 7) AS trade_month,
            RTRIM(build_name) /*! COLLATE utf8mb4_bin */ AS build_name,
            room,
            price * 1.0e0 AS price,
            parking_sapce_price * 1.0e0 AS parking_sapce_price,
            CASE WHEN parking_sapce_price > 0 AND parking_sapce_total_area > 0
                THEN price - parking_sapce_price ELSE price END AS net_price,
            CASE WHEN parking_sapce_price > 0 AND parking_sapce_total_area > 0
                THEN building_total_area - parking_sapce_total_area ELSE building_total_area END AS net_area,
            CASE WHEN parking_sapce_price > 0 AND parking_sapce_total_area > 0 THEN 0 ELSE 1 END AS mixed
        FROM deals
        WHERE transaction_date BETWEEN :first_day AND :last_day
            AND object_of_transaction = :target
            AND main_use = :main_use
            AND termination = ''
            AND cancelled_on IS NULL
    ) AS homes
) AS priced
GROUP BY city, district, trade_month, build_name, room
/*! ORDER BY NULL */
