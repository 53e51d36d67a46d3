exports.up = async (knex) => {
  await knex.schema.createTable('refunds', (table) => table.increments());
};

exports.down = async (knex) => {
  await knex.schema.dropTable('refunds');
};
