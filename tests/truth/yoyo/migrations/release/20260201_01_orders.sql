-- depends: 20260101_01_users

CREATE TABLE orders (id bigint PRIMARY KEY);
