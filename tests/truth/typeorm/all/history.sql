CREATE TABLE public.migrations (
    id integer NOT NULL,
    "timestamp" bigint NOT NULL,
    name character varying NOT NULL
);

CREATE SEQUENCE public.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.migrations_id_seq OWNED BY public.migrations.id;

ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);

ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY (id);

INSERT INTO public.migrations ("id", "timestamp", "name") VALUES ('1', '1767258000000', 'Users1767258000000');
INSERT INTO public.migrations ("id", "timestamp", "name") VALUES ('2', '1769936400000', 'Orders1769936400000');
INSERT INTO public.migrations ("id", "timestamp", "name") VALUES ('3', '1772355600000', 'Invoices1772355600000');
