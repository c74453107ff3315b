-- A store as the first released schema wrote it: the statements of version 1, copied, never to be changed.
CREATE TABLE schema_version (version INTEGER);
CREATE TABLE series (sid INTEGER PRIMARY KEY, organisation VARCHAR, site VARCHAR, kind VARCHAR, device VARCHAR,
                     channel VARCHAR, simulated BOOLEAN);
CREATE TABLE points (sid INTEGER, ts BIGINT, v DOUBLE, q UTINYINT);
CREATE TABLE never_latest (sid INTEGER, ts BIGINT);
CREATE TABLE conflicts (sid INTEGER, ts BIGINT, v DOUBLE, q UTINYINT, seen_ms BIGINT);
CREATE TABLE events (organisation VARCHAR, ts BIGINT, device VARCHAR, body VARCHAR);
CREATE TABLE source_mark (gateway VARCHAR, epoch VARCHAR, high_water BIGINT, ahead VARCHAR);
CREATE TABLE devices (organisation VARCHAR, gateway VARCHAR, device VARCHAR, descriptor VARCHAR);
DELETE FROM schema_version;
INSERT INTO schema_version VALUES (1);
INSERT INTO series VALUES (0, 'acme', 'home', 'greenhouse', 'gh-1', 'air_temperature_degc', false),
                          (1, 'acme', 'home', 'greenhouse', 'gh-1', 'co2_ppm', true),
                          (2, 'other', 'home', 'drone', 'uav-1', 'altitude_m', false);
-- Before 1970, on the bounds of hours and days, late ones behind newer ones, and bad flags.
INSERT INTO points SELECT 0, 1780272000000 + i * 600000, i / 8, CASE WHEN i % 10 = 0 THEN 3 ELSE 1 END
                   FROM range(2000) t (i);
INSERT INTO points VALUES (0, -1, 7.5, 1), (0, -3600000, 2.5, 2), (1, 1780272000000, 400, 1),
                          (1, 1780271999999, 399, 9), (2, 5, 120.25, 1), (1, 4102444800000, 1, 1);
INSERT INTO never_latest VALUES (1, 4102444800000);
INSERT INTO conflicts VALUES (1, 1780272000000, 401, 1, 1780272000500);
INSERT INTO events VALUES ('acme', 10, 'uav-1',
    '{"clock":"gps","data":{"mode":"AUTO"},"device":"uav-1","device_kind":"drone","kind":"mode","site":"home","t":10}');
INSERT INTO source_mark VALUES ('gw-1', 'e1', 3, '[]'), ('gw-1', 'e1', 5, '[[7,8]]');
INSERT INTO devices VALUES ('acme', 'gw-1', 'gh-1',
    '{"device":"gh-1","kind":"greenhouse","site":"home","name":"House","simulated":true}');
