f'{a["b"]:>{w}}' f"{x!r:'^9}" rf'''{{{1}}}
'''
revision = r"a" u'b' """c"""; down_revision = \
 None
