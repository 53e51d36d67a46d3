-- migrate:up
CREATE TABLE refunds (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE refunds;
