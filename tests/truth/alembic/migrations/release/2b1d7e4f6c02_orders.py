"""orders

Revision ID: 2b1d7e4f6c02
"""
import sqlalchemy as sa
from alembic import op

revision = "2b1d7e4f6c02"
down_revision = "1a0c6f3e5d01"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("orders")
