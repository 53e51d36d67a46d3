CREATE TABLE public.__diesel_schema_migrations (
    version character varying(50) NOT NULL,
    run_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

ALTER TABLE ONLY public.__diesel_schema_migrations
    ADD CONSTRAINT __diesel_schema_migrations_pkey PRIMARY KEY (version);

INSERT INTO public.__diesel_schema_migrations ("version", "run_on") VALUES ('20260101090000', '2026-01-01 00:00:00');
INSERT INTO public.__diesel_schema_migrations ("version", "run_on") VALUES ('20260201090000', '2026-01-01 00:01:00');
INSERT INTO public.__diesel_schema_migrations ("version", "run_on") VALUES ('20260301090000', '2026-01-01 00:02:00');
