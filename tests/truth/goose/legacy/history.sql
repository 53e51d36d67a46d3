CREATE TABLE public.goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now()
);

CREATE SEQUENCE public.goose_db_version_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.goose_db_version_id_seq OWNED BY public.goose_db_version.id;

ALTER TABLE ONLY public.goose_db_version ALTER COLUMN id SET DEFAULT nextval('public.goose_db_version_id_seq'::regclass);

ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);

INSERT INTO public.goose_db_version ("id", "version_id", "is_applied", "tstamp") VALUES ('1', '0', 'true', '2026-01-01 00:00:00');
INSERT INTO public.goose_db_version ("id", "version_id", "is_applied", "tstamp") VALUES ('2', '20260101090000', 'true', '2026-01-01 00:01:00');
INSERT INTO public.goose_db_version ("id", "version_id", "is_applied", "tstamp") VALUES ('3', '20260201090000', 'true', '2026-01-01 00:02:00');
INSERT INTO public.goose_db_version ("id", "version_id", "is_applied", "tstamp") VALUES ('4', '20260301090000', 'true', '2026-01-01 00:03:00');
INSERT INTO public.goose_db_version ("id", "version_id", "is_applied", "tstamp") VALUES ('5', '20260301090000', 'false', '2026-01-01 00:04:00');
