revision = ("a", ['b', {None}
'''