CREATE SCHEMA drizzle;

CREATE TABLE drizzle.__drizzle_migrations (
    id integer NOT NULL,
    hash text NOT NULL,
    created_at bigint
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

INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at") VALUES ('1', '3a5fbd4fe8e3a48a61d3b1c23e6dc8d5f4c538dbf507d385e78ddc7ddbb3d790', '1767258000000');
INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at") VALUES ('2', '3034cf9056c6bce592f42e7b8f5ce625ecded0f08367e06c36b6f530f70cb26f', '1769936400000');
INSERT INTO drizzle.__drizzle_migrations ("id", "hash", "created_at") VALUES ('3', '4f04b092b42359a6331cce69df32ea817fd80b371fbe5973baedac39d07b0929', '1771146000000');
