class CreateUsersAndOrders < ActiveRecord::Migration[6.1]
  def change
    create_table :users
    create_table :orders
  end
end
