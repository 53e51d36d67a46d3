--liquibase formatted sql

--changeset amy:1
CREATE TABLE users (id bigint PRIMARY KEY);
--rollback DROP TABLE users;
