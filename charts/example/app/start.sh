#!/bin/sh
# Starts the service. In development it migrates first, by the image that has Alembic; staging and
# production set SKIP_MIGRATIONS=true: there a Job migrates, and this image has no Alembic at all.
set -eu
if [ "${SKIP_MIGRATIONS:-false}" != true ]; then
    alembic -x ahead=ok upgrade head
fi
exec uvicorn service.main:app --host "${HOST:-0.0.0.0}" --port "${PORT:-8000}"
