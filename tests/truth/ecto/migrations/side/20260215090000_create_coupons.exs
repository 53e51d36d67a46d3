defmodule Shop.Repo.Migrations.CreateCoupons do
  use Ecto.Migration

  def change do
    create table(:coupons)
  end
end
