exports.up = async (knex) => {
  await knex.schema.createTable('users', (table) => table.increments());
  await knex.schema.createTable('orders', (table) => table.increments());
};

exports.down = async (knex) => {
  await knex.schema.dropTable('orders');
  await knex.schema.dropTable('users');
};
