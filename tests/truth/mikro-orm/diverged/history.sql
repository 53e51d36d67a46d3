CREATE TABLE public.mikro_orm_migrations (
    id integer NOT NULL,
    name character varying(255),
    executed_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP
);

CREATE SEQUENCE public.mikro_orm_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.mikro_orm_migrations_id_seq OWNED BY public.mikro_orm_migrations.id;

ALTER TABLE ONLY public.mikro_orm_migrations ALTER COLUMN id SET DEFAULT nextval('public.mikro_orm_migrations_id_seq'::regclass);

ALTER TABLE ONLY public.mikro_orm_migrations
    ADD CONSTRAINT mikro_orm_migrations_pkey PRIMARY KEY (id);

INSERT INTO public.mikro_orm_migrations ("id", "name", "executed_at") VALUES ('1', 'Migration20260101090000', '2026-01-01 00:00:00');
INSERT INTO public.mikro_orm_migrations ("id", "name", "executed_at") VALUES ('2', 'Migration20260201090000', '2026-01-01 00:01:00');
INSERT INTO public.mikro_orm_migrations ("id", "name", "executed_at") VALUES ('3', 'Migration20260215090000', '2026-01-01 00:02:00');
