class CreateRefunds < ActiveRecord::Migration[6.1]
  def change
    create_table :refunds
  end
end
