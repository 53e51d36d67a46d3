module.exports = {
  async up(queryInterface) {
    await queryInterface.sequelize.query('CREATE TABLE refunds (id bigint PRIMARY KEY)');
  },
  async down(queryInterface) {
    await queryInterface.dropTable('refunds');
  },
};
