-- depends: 20260301_01_invoices

CREATE TABLE refunds (id bigint PRIMARY KEY);
