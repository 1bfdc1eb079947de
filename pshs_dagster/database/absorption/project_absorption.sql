-- project_absorption: how much of each registered project is sold, by month of the trade.
--
-- The same text for SQLite, MySQL 8, MariaDB 10.6 and DuckDB. It reads deals, project_matches and registered_projects.
-- A home is a deal of land with building (parking alone is none). sold_num is of all months up to the row's own:
-- deals less those that are cancelled by now, in whatever month they were traded.
-- homes are those of the project's registrations in the newest list that has the project, added up: an older
-- registration that this list lacks was withdrawn, or stands in it under another number. They are NULL where one of
-- these registrations tells no number, and absorption is NULL with them.
-- Names are told apart by their bytes, but for blanks at their ends. Rounding: to 0.0001, half up, as in
-- deal_statistics.sql.
WITH traded AS (
    SELECT
        city,
        district,
        build_name,
        trade_month,
        COUNT(*) AS deals_num,
        SUM(cancelled) AS cancelled_num
    FROM (
        SELECT
            city,
            district,
            RTRIM(build_name) /*! COLLATE utf8mb4_bin */ AS build_name,
            SUBSTR(CAST(transaction_date AS CHAR(10)), 1, 7) AS trade_month,
            CASE WHEN termination <> '' OR cancelled_on IS NOT NULL THEN 1 ELSE 0 END AS cancelled
        FROM deals
        WHERE object_of_transaction LIKE :targets
    ) AS homes_traded
    WHERE build_name <> ''
    GROUP BY city, district, build_name, trade_month
    /*! ORDER BY NULL */
),

matched AS (
    SELECT
        project_matches.city,
        project_matches.registered_district AS district,
        project_matches.registered_name AS build_name,
        traded.trade_month,
        SUM(traded.deals_num) AS deals_num,
        SUM(traded.cancelled_num) AS cancelled_num
    FROM traded
    JOIN project_matches
        ON project_matches.city = traded.city
        AND project_matches.district = traded.district
        AND project_matches.build_name = traded.build_name
    WHERE project_matches.registered_name <> ''
    GROUP BY
        project_matches.city,
        project_matches.registered_district,
        project_matches.registered_name,
        traded.trade_month
),

listed AS (
    SELECT
        city,
        district,
        project_name,
        homes,
        CASE WHEN listed_as_of = MAX(listed_as_of) OVER (PARTITION BY city, district, project_name)
            THEN 1 ELSE 0 END AS in_newest
    FROM registered_projects
),

offered AS (
    SELECT
        city,
        district,
        project_name,
        CASE WHEN COUNT(homes) = COUNT(*) THEN SUM(homes) END AS homes
    FROM listed
    WHERE in_newest = 1
    GROUP BY city, district, project_name
),

sold AS (
    SELECT
        matched.city,
        matched.district,
        matched.build_name,
        matched.trade_month,
        offered.homes,
        matched.deals_num,
        matched.cancelled_num,
        SUM(matched.deals_num - matched.cancelled_num) OVER (
            PARTITION BY matched.city, matched.district, matched.build_name ORDER BY matched.trade_month
        ) AS sold_num
    FROM matched
    JOIN offered
        ON offered.city = matched.city
        AND offered.district = matched.district
        AND offered.project_name = matched.build_name
)

SELECT
    city,
    district,
    build_name,
    SUBSTR(trade_month, 1, 4) AS year,
    SUBSTR(trade_month, 6, 2) AS month,
    homes,
    deals_num,
    cancelled_num,
    sold_num,
    ROUND((sold_num * 4.0e4 + 1) / (NULLIF(homes, 0) * 4.0e0)) / 1.0e4 AS absorption
FROM sold
