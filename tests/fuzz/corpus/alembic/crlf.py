#!/usr/bin/python3
# -*- coding: utf-8 -*-
"""a step

Revision ID: decoy
revision = "decoy"
"""
from typing import Callable, Sequence, Union
import os, sys as system
# revision = 'decoy'
revision = "decoy"
other = {'revision': 1, 'down_revision': [(1), {2}]}
depends_on: "dict[str, int]" = None
branch_labels = """x""", "\
y"  # = 'no'
revision = \
(
    "a" '2'
)
down_revision=[None]
class Box: revision = 'decoy'
Box.revision = down_revision
SQL = """
SELECT 1; -- '
revision = "decoy"
"""
def upgrade_data():
	revision = 'decoy'
	if revision:
		down_revision = 'decoy'
def upgrade(): pass
def downgrade():
    pass