"""users

Revision ID: 1a0c6f3e5d01
"""
import sqlalchemy as sa
from alembic import op

revision = "1a0c6f3e5d01"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("users")
