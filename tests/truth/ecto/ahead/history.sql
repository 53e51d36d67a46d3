CREATE TABLE public.schema_migrations (
    version bigint NOT NULL PRIMARY KEY,
    inserted_at timestamp(0) without time zone
);

INSERT INTO public.schema_migrations ("version", "inserted_at") VALUES ('20260101090000', '2026-01-01 00:00:00');
INSERT INTO public.schema_migrations ("version", "inserted_at") VALUES ('20260201090000', '2026-01-01 00:01:00');
INSERT INTO public.schema_migrations ("version", "inserted_at") VALUES ('20260301090000', '2026-01-01 00:02:00');
INSERT INTO public.schema_migrations ("version", "inserted_at") VALUES ('20260401090000', '2026-01-01 00:03:00');
