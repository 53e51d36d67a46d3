"""Rails' Active Record, by a Rails application that has nothing else."""

import re


from record.capture import clocks
from record.installing import debian
from record.tool import Tool

APPLICATION = """\
require "rails"
require "active_record/railtie"

class Shop < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.logger = Logger.new(nil)
  config.active_record.dump_schema_after_migration = false
end

Rails.application.load_tasks
"""


class Rails(Tool):
    name = "rails"
    tables = ("public.schema_migrations", "public.ar_internal_metadata")
    rules = {"public.ar_internal_metadata": {"created_at": clocks, "updated_at": clocks}}

    def installed_version(self):
        return debian("ruby-activerecord")

    def composed(self, folder):
        files = list(folder.iterdir())
        (folder / "db" / "migrate").mkdir(parents=True)
        for path in files:
            path.rename(folder / "db" / "migrate" / path.name)
        (folder / "Rakefile").write_text(APPLICATION)
        (folder / "config").mkdir()
        (folder / "config" / "environment.rb").write_text("Rails.application.initialize!\n")
        (folder / "config" / "database.yml").write_text(f"production:\n  url: {self.url()}\n")

    def rake(self, folder, task):
        return self.run("rake", task, cwd=folder, env={
            "RAILS_ENV": "production", "SECRET_KEY_BASE": "recording",
            "DISABLE_DATABASE_ENVIRONMENT_CHECK": "1"})

    def migrate(self, folder):
        return self.rake(folder, "db:migrate")

    def undo(self, folder):
        return self.rake(folder, "db:rollback")

    def mark(self, folder):
        """A schema that is loaded counts every migration as applied."""
        (folder / "db" / "schema.rb").write_text(
            f"ActiveRecord::Schema.define(version: {self.prefixes['3']}) do\nend\n")
        return self.rake(folder, "db:schema:load")

    def pending(self, folder):
        status = self.rake(folder, "db:migrate:status")
        if "Schema migrations table does not exist yet" in status.stdout + status.stderr:
            return None
        return re.findall(r"^\s*down\s+(\d+)", self.done(status), re.M)
