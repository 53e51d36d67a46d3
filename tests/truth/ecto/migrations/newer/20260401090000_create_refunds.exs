defmodule Shop.Repo.Migrations.CreateRefunds do
  use Ecto.Migration

  def change do
    create table(:refunds)
  end
end
