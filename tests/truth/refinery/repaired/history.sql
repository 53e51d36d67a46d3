CREATE TABLE public.refinery_schema_history (
    version integer NOT NULL,
    name character varying(255),
    applied_on character varying(255),
    checksum character varying(255)
);

ALTER TABLE ONLY public.refinery_schema_history
    ADD CONSTRAINT refinery_schema_history_pkey PRIMARY KEY (version);

INSERT INTO public.refinery_schema_history ("version", "name", "applied_on", "checksum") VALUES ('10', 'users', '2026-01-01 00:00:00', '11562548880078821693');
INSERT INTO public.refinery_schema_history ("version", "name", "applied_on", "checksum") VALUES ('20', 'orders', '2026-01-01 00:01:00', '8095487913066788701');
INSERT INTO public.refinery_schema_history ("version", "name", "applied_on", "checksum") VALUES ('30', 'invoices', '2026-01-01 00:02:00', '4381598850316224857');
