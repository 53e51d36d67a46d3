#!/usr/bin/python3
# -*- coding: utf-8 -*-
"""a step

Revision ID: decoy
revision = "decoy"
"""
from typing import Callable, Sequence, Union
import os, sys as system
# revision = 'decoy'
print_revision = lambda x=1: x
depends_on = ["decoy"]
depends_on = [
    "" 'l',  # it's one
]; branch_labels:str=(); revision:{'a': 1}['a']=((
    "a"  # one half (the first
    "1"
)); down_revision = "\
b", "c"
SQL = """
SELECT 1; -- '
revision = "decoy"
"""
def g():
  '''
revision = 'decoy'
'''
  return f"{'a' + f'{1:>{2}}'}"
with open('/dev/null', 'w') as file: print(revision, file=file)
def upgrade(): pass
def downgrade():
    pass

   
# end