-- +goose Up
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);

-- +goose Down
DROP TABLE orders;
DROP TABLE users;
