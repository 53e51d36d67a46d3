-- migrate:up
CREATE TABLE coupons (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE coupons;
