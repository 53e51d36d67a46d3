--liquibase formatted sql

--changeset cleo:4
CREATE TABLE refunds (id bigint PRIMARY KEY);
--rollback DROP TABLE refunds;
