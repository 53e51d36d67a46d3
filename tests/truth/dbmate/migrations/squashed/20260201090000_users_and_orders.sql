-- migrate:up
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE orders;
DROP TABLE users;
