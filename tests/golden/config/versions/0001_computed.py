"""A revision whose id is known only to whoever runs the file."""
from names import prefix

revision = prefix + "0001"
down_revision = None
