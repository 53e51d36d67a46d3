if a:
  revision = "x"
else: down_revision = 1
del depends_on
for branch_labels in x: pass
with a as revision: b
import c as depends_on
(revision := 1)
