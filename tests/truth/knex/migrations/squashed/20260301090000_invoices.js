exports.up = async (knex) => {
  await knex.schema.createTable('invoices', (table) => table.increments());
};

exports.down = async (knex) => {
  await knex.schema.dropTable('invoices');
};
