-- market_statistics, what a month is beside others: whether it is final, and how it differs from the month before and
-- from the same month a year before, as shares (0.05 is 5 % more) rounded to 0.0001; NULL where there is none.
--
-- The same text for SQLite, MySQL 8, MariaDB 10.6 and DuckDB. It reads market_statistics itself and releases.
-- A month is final where each of its thirds lies in the window of a release that is loaded, be it the issue that is
-- published on the 11th of the month after the next, or a season.
-- Told are the months from :first_month to :last_month, numbers as month_number below; the year before is read too.
WITH numbered AS (
    SELECT
        city,
        district,
        year,
        month,
        CAST(year AS DECIMAL(10, 0)) * 12 + CAST(month AS DECIMAL(10, 0)) AS month_number,
        deals_num * 1.0e0 AS deals,
        ROUND(unit_price_median * 1.0e4) AS unit_price,
        ROUND(total_price_median * 1.0e4) AS total_price
    FROM market_statistics
),

beside AS (
    SELECT
        city,
        district,
        year,
        month,
        month_number,
        deals,
        unit_price,
        total_price,
        NULLIF(MAX(deals) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS deals_1,
        NULLIF(MAX(deals) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 12 PRECEDING AND 12 PRECEDING), 0) AS deals_12,
        NULLIF(MAX(unit_price) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS unit_price_1,
        NULLIF(MAX(unit_price) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 12 PRECEDING AND 12 PRECEDING), 0) AS unit_price_12,
        NULLIF(MAX(total_price) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS total_price_1,
        NULLIF(MAX(total_price) OVER (PARTITION BY city, district ORDER BY month_number
            RANGE BETWEEN 12 PRECEDING AND 12 PRECEDING), 0) AS total_price_12
    FROM numbered
    WHERE month_number BETWEEN :first_month - 12 AND :last_month
),

thirds AS (
    SELECT '01' AS first_day
    UNION ALL SELECT '11'
    UNION ALL SELECT '21'
),

windows AS (
    SELECT
        SUBSTR(CAST(window_from AS CHAR(10)), 1, 7) AS from_month,
        SUBSTR(CAST(window_from AS CHAR(10)), 9, 2) AS from_day,
        SUBSTR(CAST(window_to AS CHAR(10)), 1, 7) AS to_month,
        SUBSTR(CAST(window_to AS CHAR(10)), 9, 2) AS to_day
    FROM releases
),

months AS (
    SELECT DISTINCT year, month FROM market_statistics
),

covered AS (
    SELECT months.year, months.month, COUNT(DISTINCT thirds.first_day) AS thirds_num
    FROM months
    CROSS JOIN thirds
    JOIN windows
        ON (SUBSTR(from_month, 1, 4) < months.year
            OR (SUBSTR(from_month, 1, 4) = months.year AND (SUBSTR(from_month, 6, 2) < months.month
                OR (SUBSTR(from_month, 6, 2) = months.month AND from_day <= thirds.first_day))))
        AND (SUBSTR(to_month, 1, 4) > months.year
            OR (SUBSTR(to_month, 1, 4) = months.year AND (SUBSTR(to_month, 6, 2) > months.month
                OR (SUBSTR(to_month, 6, 2) = months.month AND to_day >= thirds.first_day))))
    GROUP BY months.year, months.month
)

SELECT
    beside.city,
    beside.district,
    beside.year,
    beside.month,
    CASE WHEN covered.thirds_num = 3 THEN 'final' ELSE 'provisional' END AS status,
    ROUND(((deals - deals_1) * 4.0e4 + 1) / (deals_1 * 4)) / 1.0e4 AS deals_month_change,
    ROUND(((deals - deals_12) * 4.0e4 + 1) / (deals_12 * 4)) / 1.0e4 AS deals_year_change,
    ROUND(((unit_price - unit_price_1) * 4.0e4 + 1) / (unit_price_1 * 4)) / 1.0e4 AS unit_price_month_change,
    ROUND(((unit_price - unit_price_12) * 4.0e4 + 1) / (unit_price_12 * 4)) / 1.0e4 AS unit_price_year_change,
    ROUND(((total_price - total_price_1) * 4.0e4 + 1) / (total_price_1 * 4)) / 1.0e4 AS total_price_month_change,
    ROUND(((total_price - total_price_12) * 4.0e4 + 1) / (total_price_12 * 4)) / 1.0e4 AS total_price_year_change
FROM beside
LEFT JOIN covered ON covered.year = beside.year AND covered.month = beside.month
WHERE beside.month_number BETWEEN :first_month AND :last_month
