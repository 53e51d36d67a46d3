defmodule Shop.Repo.Migrations.CreateInvoices do
  use Ecto.Migration

  def change do
    create table(:invoices)
  end
end
