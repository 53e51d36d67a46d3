--liquibase formatted sql

--changeset amy:users
CREATE TABLE users (id bigint);

--changeset amy:samples context:test
INSERT INTO users VALUES (1);

--changeset amy:owners context:prod
INSERT INTO users VALUES (0);
