-- project_statistics: projects that opened within the last year, over the last 1, 3 and 6 complete months, by size.
--
-- The same text for SQLite, MySQL 8, MariaDB 10.6 and DuckDB. Prices come in 萬元, unit prices in 萬元 per 坪; unit
-- price, rounding and row set are those of deal_statistics.sql, medians those of market_statistics.sql. Homes whose
-- net price or net area is not positive are left out: they have no unit price, and no size to be sorted by.
-- A project opened on the day of its first deal on record, whatever was sold and be it cancelled since. Names are told
-- apart by their bytes, as in deal_statistics.sql; where blanks at the end count (SQLite, DuckDB), a name that has some,
-- as none of MOI's has, is a project of its own. Sizes are of the net area of the building, in 坪: 10 坪 is in 10-20.
-- A project's deals are found by the index of names: STRAIGHT_JOIN, which MySQL alone reads, keeps it from reading all
-- deals instead.
WITH sold AS (
    SELECT
        city,
        district,
        build_name /*! COLLATE utf8mb4_bin */ AS build_name,
        MIN(transaction_date) AS opened_on
    FROM deals
    WHERE transaction_date BETWEEN :opened_from AND :last_day
        AND build_name <> ''
    GROUP BY city, district, build_name /*! COLLATE utf8mb4_bin ORDER BY NULL */
),

opened AS (
    SELECT
        city,
        district,
        build_name,
        opened_on,
        ROW_NUMBER() OVER (ORDER BY city, district, build_name) AS project
    FROM sold
    WHERE NOT EXISTS (
        SELECT 1
        FROM deals AS earlier
        WHERE earlier.build_name = sold.build_name
            AND earlier.city = sold.city
            AND earlier.district = sold.district
            AND earlier.transaction_date < :opened_from
    )
),

homes AS (
    SELECT
        opened.project,
        opened.city,
        opened.district,
        opened.build_name,
        opened.opened_on,
        SUBSTR(CAST(deals.transaction_date AS CHAR(10)), 1, 7) AS trade_month,
        deals.price * 1.0e0 AS price,
        CASE WHEN deals.parking_sapce_price > 0 AND deals.parking_sapce_total_area > 0
            THEN deals.price - deals.parking_sapce_price ELSE deals.price END AS net_price,
        CASE WHEN deals.parking_sapce_price > 0 AND deals.parking_sapce_total_area > 0
            THEN deals.building_total_area - deals.parking_sapce_total_area
            ELSE deals.building_total_area END AS net_area
    FROM opened
    JOIN deals
        ON deals.build_name = opened.build_name
        AND deals.city = opened.city
        AND deals.district = opened.district
    WHERE deals.transaction_date BETWEEN :first_day AND :last_day
        AND deals.object_of_transaction = :target
        AND deals.main_use = :main_use
        AND deals.termination = ''
        AND deals.cancelled_on IS NULL
),

spans AS (
    SELECT 1 AS months, :first_of_1 AS first_month
    UNION ALL SELECT 3, :first_of_3
    UNION ALL SELECT 6, :first_of_6
),

sized AS (
    SELECT
        homes.project,
        homes.city,
        homes.district,
        homes.build_name,
        homes.opened_on,
        spans.months,
        CASE WHEN homes.net_area * 0.3025e0 < 10 THEN '0-10'
            WHEN homes.net_area * 0.3025e0 < 20 THEN '10-20'
            WHEN homes.net_area * 0.3025e0 < 30 THEN '20-30'
            WHEN homes.net_area * 0.3025e0 < 40 THEN '30-40'
            ELSE '40+' END AS size,
        homes.price,
        ROUND(homes.net_price / (homes.net_area * 0.3025e0) * 1.0e4) AS unit_price
    FROM homes
    JOIN spans ON spans.first_month <= homes.trade_month
    WHERE homes.net_price > 0 AND homes.net_area > 0.005e0
),

ranked AS (
    SELECT /*! STRAIGHT_JOIN */
        project,
        city,
        district,
        build_name,
        opened_on,
        months,
        size,
        price,
        unit_price,
        (COUNT(*) OVER (PARTITION BY project, months, size) - 1) * 2.0e0 AS middle,
        ROW_NUMBER() OVER (PARTITION BY project, months, size ORDER BY unit_price) * 4.0e0 - 4 AS unit_place,
        ROW_NUMBER() OVER (PARTITION BY project, months, size ORDER BY price) * 4.0e0 - 4 AS total_place
    FROM sized
),

summed AS (
    SELECT
        MIN(city) AS city,
        MIN(district) AS district,
        MIN(build_name) AS build_name,
        months,
        size,
        MIN(opened_on) AS opened_on,
        COUNT(*) AS count_num,
        SUM(unit_price) AS unit_sum,
        SUM(CASE WHEN ABS(unit_place - middle) < 4 THEN (4 - ABS(unit_place - middle)) * unit_price END) AS unit_2,
        SUM(price) AS total_sum,
        SUM(CASE WHEN ABS(total_place - middle) < 4 THEN (4 - ABS(total_place - middle)) * price END) AS total_2
    FROM ranked
    GROUP BY project, months, size
)

SELECT
    city,
    district,
    build_name,
    months,
    size,
    opened_on,
    :last_month AS last_month,
    count_num,
    ROUND((unit_sum * 4.0e0 + 1) / (count_num * 4.0e4)) / 1.0e4 AS mean_unit_price,
    ROUND((unit_2 * 4 + 1) / 16.0e4) / 1.0e4 AS median_unit_price,
    ROUND((total_sum * 4.0e0 + 1) / (count_num * 4.0e0)) / 1.0e4 AS mean_total_price,
    ROUND((total_2 * 4 + 1) / 16.0e0) / 1.0e4 AS median_total_price
FROM summed
