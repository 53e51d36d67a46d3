-- depends: 20260201_01_orders

CREATE TABLE invoices (id bigint PRIMARY KEY);
