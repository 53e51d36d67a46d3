CREATE SCHEMA drizzle;

CREATE TABLE drizzle.__drizzle_migrations (
    id integer NOT NULL,
    hash text NOT NULL,
    created_at bigint,
    name text,
    applied_at timestamp with time zone DEFAULT now()
);

CREATE SEQUENCE drizzle.__drizzle_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE drizzle.__drizzle_migrations_id_seq OWNED BY drizzle.__drizzle_migrations.id;

ALTER TABLE ONLY drizzle.__drizzle_migrations ALTER COLUMN id SET DEFAULT nextval('drizzle.__drizzle_migrations_id_seq'::regclass);

ALTER TABLE ONLY drizzle.__drizzle_migrations
    ADD CONSTRAINT __drizzle_migrations_pkey PRIMARY KEY (id);

INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at", "name", "applied_at") VALUES ('1', '3a5fbd4fe8e3a48a61d3b1c23e6dc8d5f4c538dbf507d385e78ddc7ddbb3d790', '1767258000000', '20260101090000_users', '2026-01-01 00:00:00');
INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at", "name", "applied_at") VALUES ('2', '3034cf9056c6bce592f42e7b8f5ce625ecded0f08367e06c36b6f530f70cb26f', '1769936400000', '20260201090000_orders', '2026-01-01 00:01:00');
INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at", "name", "applied_at") VALUES ('3', '2e0a22858de1a76f733de2e4a6b5264e463acca1f37cc7fe61cd4486ca4f890c', '1772355600000', '20260301090000_invoices', '2026-01-01 00:02:00');
