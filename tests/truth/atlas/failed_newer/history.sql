CREATE TABLE public.atlas_schema_revisions (
    version character varying NOT NULL,
    description character varying NOT NULL,
    type bigint DEFAULT 2 NOT NULL,
    applied bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    executed_at timestamp with time zone NOT NULL,
    execution_time bigint NOT NULL,
    error text,
    error_stmt text,
    hash character varying NOT NULL,
    partial_hashes jsonb,
    operator_version character varying NOT NULL
);

ALTER TABLE ONLY public.atlas_schema_revisions
    ADD CONSTRAINT atlas_schema_revisions_pkey PRIMARY KEY (version);

INSERT INTO public.atlas_schema_revisions ("version", "description", "type", "applied", "total", "executed_at", "execution_time", "error", "error_stmt", "hash", "partial_hashes", "operator_version") VALUES ('20260101090000', 'users', '2', '1', '1', '2026-01-01 00:00:00', '0', '', '', 'buWaEhUzooySoTlnazXw6aR/Jrt6hClJwWxwFTIKooY=', '["h1:ZMc0UO51dY1xoKemC6IWUC4bs4uT3WH76uk2l4SGwJM="]', 'Atlas CLI - development');
INSERT INTO public.atlas_schema_revisions ("version", "description", "type", "applied", "total", "executed_at", "execution_time", "error", "error_stmt", "hash", "partial_hashes", "operator_version") VALUES ('20260201090000', 'orders', '2', '1', '1', '2026-01-01 00:01:00', '0', '', '', 'JrQ6ehdEhg3FhbkThZb0XeZ8/7hcgNNcKyIXIwOa/ZI=', '["h1:I9az8GiwR95T8wtkUv4+3F/e4dHT4ywHkAiT6mOtSI0="]', 'Atlas CLI - development');
INSERT INTO public.atlas_schema_revisions ("version", "description", "type", "applied", "total", "executed_at", "execution_time", "error", "error_stmt", "hash", "partial_hashes", "operator_version") VALUES ('20260301090000', 'invoices', '2', '1', '1', '2026-01-01 00:02:00', '0', '', '', 'iZXR/n8mLZAzE2OLBaii4qXqj6cG4jxUm72lOUyPv0A=', '["h1:2zduF5vlTRAmV+wPrh4Ov+Fs19h7A0LOCb/c+0bNgtc="]', 'Atlas CLI - development');
