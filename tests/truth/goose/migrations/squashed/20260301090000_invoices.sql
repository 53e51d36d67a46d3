-- +goose Up
CREATE TABLE invoices (id bigint PRIMARY KEY);

-- +goose Down
DROP TABLE invoices;
