CREATE TABLE public.flyway_schema_history (
    installed_rank integer NOT NULL,
    version character varying(50),
    description character varying(200) NOT NULL,
    type character varying(20) NOT NULL,
    script character varying(1000) NOT NULL,
    checksum integer,
    installed_by character varying(100) NOT NULL,
    installed_on timestamp without time zone DEFAULT now() NOT NULL,
    execution_time integer NOT NULL,
    success boolean NOT NULL
);

ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);

CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);

INSERT INTO public.flyway_schema_history ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on", "execution_time", "success") VALUES ('1', '1', 'users', 'SQL', 'V1__users.sql', '1812668543', 'postgres', '2026-01-01 00:00:00', '0', 'true');
INSERT INTO public.flyway_schema_history ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on", "execution_time", "success") VALUES ('2', '2', 'orders', 'SQL', 'V2__orders.sql', '-1927402203', 'postgres', '2026-01-01 00:01:00', '0', 'true');
INSERT INTO public.flyway_schema_history ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on", "execution_time", "success") VALUES ('3', '3', 'invoices', 'SQL', 'V3__invoices.sql', '-318556637', 'postgres', '2026-01-01 00:02:00', '0', 'true');
INSERT INTO public.flyway_schema_history ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on", "execution_time", "success") VALUES ('4', '2.1', 'coupons', 'SQL', 'V2.1__coupons.sql', '-296623339', 'postgres', '2026-01-01 00:03:00', '0', 'true');
