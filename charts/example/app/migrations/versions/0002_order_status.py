"""The status of an order, and an index on those that are open."""

from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("status", sa.Text, nullable=False, server_default="open"))
    op.create_index("orders_open_idx", "orders", ["id"], postgresql_where=sa.text("status = 'open'"))


def downgrade() -> None:
    op.drop_index("orders_open_idx")
    op.drop_column("orders", "status")
