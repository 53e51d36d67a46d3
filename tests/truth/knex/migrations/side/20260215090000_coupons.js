exports.up = async (knex) => {
  await knex.schema.createTable('coupons', (table) => table.increments());
};

exports.down = async (knex) => {
  await knex.schema.dropTable('coupons');
};
