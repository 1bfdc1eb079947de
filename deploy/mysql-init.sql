-- Run once, by the MySQL container, when its volume is empty. The database of the deals, `pshs`, and the account are made
-- by the container itself, from compose.yml.

-- Dagster's own tables get a database of their own.
CREATE DATABASE IF NOT EXISTS dagster CHARACTER SET utf8mb4;
GRANT ALL ON dagster.* TO 'pshs'@'%';

-- `pshs init` and `pshs rebuild` make new tables in a database beside the present one, and `pshs restore` fills an empty
-- one: the account may make databases whose names begin with pshs_.
GRANT ALL ON `pshs\_%`.* TO 'pshs'@'%';
