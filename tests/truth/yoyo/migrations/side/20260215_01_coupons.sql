-- depends: 20260201_01_orders

CREATE TABLE coupons (id bigint PRIMARY KEY);
