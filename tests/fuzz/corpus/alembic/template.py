"""merge

Revision ID: ae1027a6acf
"""
from alembic import op

revision: str = 'ae1027a6acf'
down_revision: Union[str, None] = ('27c6a30d7c24', "1975ea83b712",)
branch_labels = None
depends_on = 'label'


def upgrade() -> None:
    op.execute(f"""
revision = '{"no"}'
""")
