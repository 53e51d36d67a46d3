--liquibase formatted sql

--changeset amy:3
CREATE TABLE invoices (id bigint PRIMARY KEY);
--rollback DROP TABLE invoices;
