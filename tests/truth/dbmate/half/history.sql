CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

INSERT INTO public.schema_migrations ("version") VALUES ('20260101090000');
INSERT INTO public.schema_migrations ("version") VALUES ('20260201090000');
