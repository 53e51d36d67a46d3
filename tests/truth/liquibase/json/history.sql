CREATE TABLE public.databasechangelog (
    id character varying(255) NOT NULL,
    author character varying(255) NOT NULL,
    filename character varying(255) NOT NULL,
    dateexecuted timestamp without time zone NOT NULL,
    orderexecuted integer NOT NULL,
    exectype character varying(10) NOT NULL,
    md5sum character varying(35),
    description character varying(255),
    comments character varying(255),
    tag character varying(255),
    liquibase character varying(20),
    contexts character varying(255),
    labels character varying(255),
    deployment_id character varying(10)
);

CREATE TABLE public.databasechangeloglock (
    id integer NOT NULL,
    locked boolean NOT NULL,
    lockgranted timestamp without time zone,
    lockedby character varying(255)
);

ALTER TABLE ONLY public.databasechangeloglock
    ADD CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (id);

INSERT INTO public.databasechangelog ("id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum", "description", "comments", "tag", "liquibase", "contexts", "labels", "deployment_id") VALUES ('users', 'amy', 'changelog.json', '2026-01-01 00:00:00', '1', 'EXECUTED', '9:628f7ebf332aa3ebf9a7fc70229ee8df', 'sql', '', NULL, '4.33.0', NULL, NULL, '1234567890');
INSERT INTO public.databasechangelog ("id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum", "description", "comments", "tag", "liquibase", "contexts", "labels", "deployment_id") VALUES ('orders', 'amy', 'changelog.json', '2026-01-01 00:01:00', '2', 'EXECUTED', '9:d8de771ce9b11bbc488df2b713e5df5a', 'sql', '', NULL, '4.33.0', NULL, NULL, '1234567890');

INSERT INTO public.databasechangeloglock ("id", "locked", "lockgranted", "lockedby") VALUES ('1', 'false', NULL, NULL);
