revision = "0002"
down_revision = "no_such_revision"
