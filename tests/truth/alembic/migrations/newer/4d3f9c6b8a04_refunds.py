"""refunds

Revision ID: 4d3f9c6b8a04
"""
import sqlalchemy as sa
from alembic import op

revision = "4d3f9c6b8a04"
down_revision = "3c2e8d5a7b03"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("refunds", sa.Column("id", sa.BigInteger, primary_key=True))


def downgrade():
    op.drop_table("refunds")
