module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query('CREATE TABLE invoices (id bigint PRIMARY KEY)');
  },
  async down(queryInterface) {
    await queryInterface.dropTable('invoices');
  },
};
