--liquibase formatted sql

--changeset amy:2
CREATE TABLE orders (id bigint PRIMARY KEY);
--rollback DROP TABLE orders;
