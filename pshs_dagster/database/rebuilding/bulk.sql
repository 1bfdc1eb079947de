LOAD DATA LOCAL INFILE :path
INTO TABLE deals
CHARACTER SET utf8mb4
FIELDS TERMINATED BY '\t' ESCAPED BY '\\'
LINES TERMINATED BY '\n'
(COLUMNS_OF_THE_FILE)
SET first_release = :release, last_release = :release, as_of = :as_of, first_as_of = :as_of,
    created_at = :now, updated_at = :now
