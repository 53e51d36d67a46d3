--liquibase formatted sql

--changeset ben:coupons
CREATE TABLE coupons (id bigint PRIMARY KEY);
--rollback DROP TABLE coupons;
