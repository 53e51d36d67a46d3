class CreateInvoices < ActiveRecord::Migration[6.1]
  def change
    create_table :invoices
  end
end
