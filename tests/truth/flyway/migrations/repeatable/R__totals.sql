CREATE OR REPLACE VIEW totals AS SELECT count(*) AS total FROM orders;
